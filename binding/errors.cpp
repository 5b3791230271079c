#include "binding/errors.h"

namespace inferno::binding {

Napi::Error to_error(Napi::Env env, const Status & status) {
    Napi::Error error = Napi::Error::New(env, status.message());
    error.Set("code", Napi::String::New(env, std::string(error_code_name(status.code()))));
    return error;
}

}  // namespace inferno::binding
