// Errors as values. Status is either ok or a code from error_codes.def with one sentence; Result<T> is a T or a Status.
//
// Thread safety: values; safe to move between threads. Nothing below binding/ throws across a function that returns
// one of these: third-party exceptions are caught at the call.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace inferno {

enum class ErrorCode : int {
    Ok = 0,
#define INFERNO_ERROR(name, code, http_status, openai_type, what_to_do) name,
#include "native/core/error_codes.def"
#undef INFERNO_ERROR
};

// The stable code that users see, e.g. "context_length_exceeded"; "ok" for Ok.
constexpr std::string_view error_code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::Ok:
            return "ok";
#define INFERNO_ERROR(name, text, http_status, openai_type, what_to_do) \
    case ErrorCode::name:                                               \
        return text;
#include "native/core/error_codes.def"
#undef INFERNO_ERROR
    }
    return "internal_error";
}

class [[nodiscard]] Status {
  public:
    Status() = default;
    Status(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    static Status ok() { return {}; }

    bool is_ok() const { return code_ == ErrorCode::Ok; }
    explicit operator bool() const { return is_ok(); }
    ErrorCode code() const { return code_; }
    // One sentence: what was wrong. Empty when ok.
    const std::string & message() const { return message_; }

  private:
    ErrorCode code_ = ErrorCode::Ok;
    std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    // REQUIRES: !status.is_ok()
    Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {}

    bool is_ok() const { return state_.index() == 0; }
    explicit operator bool() const { return is_ok(); }

    // REQUIRES: is_ok()
    T & value() & { return std::get<0>(state_); }
    const T & value() const & { return std::get<0>(state_); }
    T && value() && { return std::get<0>(std::move(state_)); }

    // REQUIRES: !is_ok()
    const Status & status() const { return std::get<1>(state_); }

  private:
    std::variant<T, Status> state_;
};

}  // namespace inferno
