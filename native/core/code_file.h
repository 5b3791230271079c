// Which file some code of this process was loaded from. Thread safety: free function, any thread.
#pragma once

#include <string>

namespace inferno {

// Path of the library or program that holds `address`; empty when unknown.
std::string file_of_code(const void * address);

}  // namespace inferno
