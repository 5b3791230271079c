// How the answers to one request are to be read; made by ChatTemplate. Constant, may be shared between threads.
#pragma once

#include <memory>

#include "chat.h"

namespace inferno::llama {

struct AnswerSyntax {
    common_chat_parser_params params;
    // The answer is this or the other; null: there is no other.
    std::shared_ptr<const AnswerSyntax> alternative;
    // Some templates take ids of this length only; 0: any.
    size_t call_id_length = 0;
};

}  // namespace inferno::llama
