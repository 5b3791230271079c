// Reads the fields of one object of options, with the errors that a caller of the untyped layer needs. JS thread only.
#pragma once

#include <napi.h>

#include <string>

namespace inferno::binding {

class OptionReader {
  public:
    explicit OptionReader(const Napi::Object & object) : object_(object) {}

    double number(const char * name) const {
        const Napi::Value value = object_.Get(name);
        if (!value.IsNumber()) throw wrong("a number", name);
        return value.As<Napi::Number>().DoubleValue();
    }
    bool boolean(const char * name) const {
        const Napi::Value value = object_.Get(name);
        if (!value.IsBoolean()) throw wrong("true or false", name);
        return value.As<Napi::Boolean>();
    }
    int32_t integer(const char * name) const { return static_cast<int32_t>(number(name)); }
    std::string text(const char * name) const {
        const Napi::Value value = object_.Get(name);
        if (!value.IsString()) throw wrong("a string", name);
        return value.As<Napi::String>().Utf8Value();
    }
    OptionReader object(const char * name) const {
        const Napi::Value value = object_.Get(name);
        if (!value.IsObject()) throw wrong("an object", name);
        return OptionReader(value.As<Napi::Object>());
    }
    Napi::Array array(const char * name) const {
        const Napi::Value value = object_.Get(name);
        if (!value.IsArray()) throw wrong("an array", name);
        return value.As<Napi::Array>();
    }
    // A typed array of this type, e.g. Napi::Uint8Array and napi_uint8_array.
    template <typename Array>
    Array array(const char * name, napi_typedarray_type type) const {
        const Napi::Value value = object_.Get(name);
        if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
            throw wrong("a typed array", name);
        }
        return value.As<Array>();
    }
    Napi::Value value(const char * name) const { return object_.Get(name); }

  private:
    Napi::TypeError wrong(const char * what, const char * name) const {
        return Napi::TypeError::New(object_.Env(), std::string("Expected ") + what + " for " + name + ".");
    }
    Napi::Object object_;
};

}  // namespace inferno::binding
