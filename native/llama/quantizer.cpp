#include "native/llama/quantizer.h"

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <system_error>

#include "llama.h"
#include "native/llama/backend.h"

namespace inferno::llama {
namespace {

struct NamedType {
    std::string_view name;
    llama_ftype type;
};

constexpr std::array kTypes = {
    NamedType{"F32", LLAMA_FTYPE_ALL_F32},
    NamedType{"F16", LLAMA_FTYPE_MOSTLY_F16},
    NamedType{"BF16", LLAMA_FTYPE_MOSTLY_BF16},
    NamedType{"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    NamedType{"Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K},
    NamedType{"Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    NamedType{"Q5_K_S", LLAMA_FTYPE_MOSTLY_Q5_K_S},
    NamedType{"Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
    NamedType{"Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},
    NamedType{"Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    NamedType{"Q4_K_S", LLAMA_FTYPE_MOSTLY_Q4_K_S},
    NamedType{"Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    NamedType{"Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
    NamedType{"IQ4_NL", LLAMA_FTYPE_MOSTLY_IQ4_NL},
    NamedType{"IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS},
    NamedType{"MXFP4_MOE", LLAMA_FTYPE_MOSTLY_MXFP4_MOE},
    NamedType{"NVFP4", LLAMA_FTYPE_MOSTLY_NVFP4},
    NamedType{"Q3_K_L", LLAMA_FTYPE_MOSTLY_Q3_K_L},
    NamedType{"Q3_K_M", LLAMA_FTYPE_MOSTLY_Q3_K_M},
    NamedType{"Q3_K_S", LLAMA_FTYPE_MOSTLY_Q3_K_S},
    NamedType{"IQ3_M", LLAMA_FTYPE_MOSTLY_IQ3_M},
    NamedType{"IQ3_S", LLAMA_FTYPE_MOSTLY_IQ3_S},
    NamedType{"IQ3_XS", LLAMA_FTYPE_MOSTLY_IQ3_XS},
    NamedType{"IQ3_XXS", LLAMA_FTYPE_MOSTLY_IQ3_XXS},
    NamedType{"Q2_K", LLAMA_FTYPE_MOSTLY_Q2_K},
    NamedType{"Q2_K_S", LLAMA_FTYPE_MOSTLY_Q2_K_S},
    NamedType{"Q2_0", LLAMA_FTYPE_MOSTLY_Q2_0},
    NamedType{"IQ2_M", LLAMA_FTYPE_MOSTLY_IQ2_M},
    NamedType{"IQ2_S", LLAMA_FTYPE_MOSTLY_IQ2_S},
    NamedType{"IQ2_XS", LLAMA_FTYPE_MOSTLY_IQ2_XS},
    NamedType{"IQ2_XXS", LLAMA_FTYPE_MOSTLY_IQ2_XXS},
    NamedType{"TQ2_0", LLAMA_FTYPE_MOSTLY_TQ2_0},
    NamedType{"TQ1_0", LLAMA_FTYPE_MOSTLY_TQ1_0},
    NamedType{"IQ1_M", LLAMA_FTYPE_MOSTLY_IQ1_M},
    NamedType{"IQ1_S", LLAMA_FTYPE_MOSTLY_IQ1_S},
    NamedType{"Q1_0", LLAMA_FTYPE_MOSTLY_Q1_0},
};

}  // namespace

std::vector<std::string_view> quantization_types() {
    std::vector<std::string_view> names;
    for (const NamedType & type : kTypes) names.push_back(type.name);
    return names;
}

Status quantize_model(const std::string & input, const std::string & output, std::string_view type, int threads) {
    const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const NamedType & t) { return t.name == type; });
    if (found == kTypes.end()) {
        return {ErrorCode::InvalidArgument,
                "Expected a quantization type such as Q4_K_M but received \"" + std::string(type) + "\"."};
    }
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype = found->type;
    params.nthread = threads;
    const std::string partial = output + ".partial";
    std::error_code ignored;
    take_last_log_error();
    try {
        if (llama_model_quantize(input.c_str(), partial.c_str(), &params) != 0) {
            std::filesystem::remove(partial, ignored);
            return {ErrorCode::UnsupportedModel,
                    "llama.cpp cannot quantize the model to " + std::string(type) + ": " + take_last_log_error()};
        }
        std::filesystem::rename(partial, output);
    } catch (const std::exception & error) {
        std::filesystem::remove(partial, ignored);
        return {ErrorCode::FileUnreadable, std::string("Quantizing failed: ") + error.what() + "."};
    }
    return Status::ok();
}

}  // namespace inferno::llama
