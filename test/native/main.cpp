#include "test/native/check.h"

int main(int argc, char ** argv) { return inferno::test::run_tests(argc, argv); }
