// What models of many families say when they think, answer and call functions, and how it is to be read. The texts
// follow the templates that llama.cpp ships and its own tests (tests/test-chat.cpp).
#pragma once

#include <string>
#include <vector>

namespace inferno::llama::test {

struct ExpectedCall {
    std::string name;
    std::string arguments;
    std::string id;  // empty: the template has none, so one is made
};

struct AnswerCase {
    const char * template_file;
    std::string text;
    bool with_tools = false;
    bool thinks = true;
    std::string content;
    std::string reasoning;
    std::vector<ExpectedCall> calls;
};

// The functions of every case with tools.
inline constexpr const char * kTools = R"([
  {"type": "function", "function": {"name": "special_function", "description": "I'm special", "parameters":
    {"type": "object", "properties": {"arg1": {"type": "integer"}}, "required": ["arg1"]}}},
  {"type": "function", "function": {"name": "special_function_with_opt", "description": "One more", "parameters":
    {"type": "object", "properties": {"arg1": {"type": "integer"}, "arg2": {"type": "integer"}},
     "required": ["arg1"]}}},
  {"type": "function", "function": {"name": "write", "description": "Writes a text", "parameters":
    {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}}}
])";

inline const std::string kHello = "Hello, wörld!\nWhat's up? 🔥 <b>1 < 2</b> {\"a\": [1]}";
inline const std::string kThought = "I'm\nthinking";
inline const ExpectedCall kSpecial{"special_function", "{\"arg1\": 1}", ""};

inline std::vector<AnswerCase> answer_cases() {
    const auto special = [](std::string id) {
        return std::vector<ExpectedCall>{{"special_function", "{\"arg1\": 1}", id}};
    };
    const auto tag_call =
        std::string("<tool_call>\n{\"name\": \"special_function\", \"arguments\": {\"arg1\": 1}}\n</tool_call>");
    const auto coder_call = std::string(
        "<tool_call>\n<function=special_function>\n<parameter=arg1>\n1\n</parameter>\n</function>\n</tool_call>");
    const auto deepseek_call =
        std::string("<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>special_function\n"
                    "```json\n{\"arg1\": 1}```<｜tool▁call▁end｜><｜tool▁calls▁end｜>");
    const auto r7b_call = std::string(
        "<|START_ACTION|>[\n"
        "    {\"tool_call_id\": \"0\", \"tool_name\": \"special_function\", \"parameters\": {\"arg1\": 1}}\n"
        "]<|END_ACTION|>");
    std::vector<AnswerCase> cases;
    const auto add = [&](const char * file, std::string text, std::string content, std::string reasoning,
                         std::vector<ExpectedCall> calls, bool with_tools = true, bool thinks = true) {
        cases.push_back(
            {file, std::move(text), with_tools, thinks, std::move(content), std::move(reasoning), std::move(calls)});
    };
    // Hermes, Qwen 2.5, MiMo, Granite 4: JSON in <tool_call>.
    for (const char * file : {"NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja",
                              "NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja", "Qwen-Qwen2.5-7B-Instruct.jinja",
                              "MiMo-VL.jinja", "ibm-granite-granite-4.0.jinja", "ibm-granite-granite-4.1.jinja"}) {
        add(file, kHello, kHello, "", {});
        add(file, tag_call, "", "", special(""));
        add(file, kHello + tag_call, kHello, "", special(""));
    }
    // Qwen 3 thinks first.
    add("Qwen-Qwen3-0.6B.jinja", "<think>\n" + kThought + "\n</think>\n\n" + kHello, kHello, kThought, {}, false);
    add("Qwen-Qwen3-0.6B.jinja", "<think>\n" + kThought + "\n</think>\n\n" + tag_call, "", kThought, special(""));
    add("Qwen-Qwen3-0.6B.jinja", kHello, kHello, "", {}, true, false);
    add("Qwen-QwQ-32B.jinja", kThought + "\n</think>\n\n" + kHello, kHello, kThought, {}, false);
    // Qwen 3 Coder and 3.5: tagged arguments.
    add("Qwen3-Coder.jinja", kHello, kHello, "", {});
    add("Qwen3-Coder.jinja", coder_call, "", "", special(""));
    add("Qwen3-Coder.jinja",
        "<tool_call>\n<function=write>\n<parameter=text>\nline \"one\"\nline two "
        "é\n</parameter>\n</function>\n</tool_call>",
        "", "", {{"write", "{\"text\": \"line \\\"one\\\"\\nline two é\"}", ""}});
    add("Qwen3.5-4B.jinja", kThought + "\n</think>\n\n" + coder_call, "", kThought, special(""));
    // Llama 3: plain JSON.
    for (const char * file : {"meta-llama-Llama-3.1-8B-Instruct.jinja", "meta-llama-Llama-3.2-3B-Instruct.jinja",
                              "meta-llama-Llama-3.3-70B-Instruct.jinja"}) {
        add(file, "Hello, world!\nWhat's up?", "Hello, world!\nWhat's up?", "", {});
        add(file, "{\"name\": \"special_function\", \"parameters\": {\"arg1\": 1}}", "", "", special(""));
    }
    // Mistral.
    add("mistralai-Mistral-Nemo-Instruct-2407.jinja", kHello, kHello, "", {});
    add("mistralai-Mistral-Nemo-Instruct-2407.jinja",
        "[TOOL_CALLS][{\"name\": \"special_function\", \"arguments\": {\"arg1\": 1}, \"id\": \"123456789\"}]", "", "",
        special("123456789"));
    add("Mistral-Small-3.2-24B-Instruct-2506.jinja",
        "[TOOL_CALLS]special_function[CALL_ID]000000001[ARGS]{\"arg1\": 1}"
        "[TOOL_CALLS]special_function_with_opt[CALL_ID]000000002[ARGS]{\"arg1\": 1, \"arg2\": 2}",
        "", "",
        {{"special_function", "{\"arg1\": 1}", "000000001"},
         {"special_function_with_opt", "{\"arg1\": 1, \"arg2\": 2}", "000000002"}});
    add("unsloth-mistral-Devstral-Small-2507.jinja", kHello + "[TOOL_CALLS]special_function[ARGS]{\"arg1\": 1}", kHello,
        "", special(""));
    add("mistralai-Ministral-3-14B-Reasoning-2512.jinja", "[THINK]" + kThought + "[/THINK]" + kHello, kHello, kThought,
        {}, false);
    // DeepSeek.
    add("deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja", kThought + "</think>" + kHello, kHello, kThought, {}, false);
    add("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja", kThought + "</think>" + kHello, kHello, kThought, {}, false);
    add("llama-cpp-deepseek-r1.jinja", kThought + "</think>" + deepseek_call, "", kThought, special(""));
    add("deepseek-ai-DeepSeek-V3.1.jinja",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>special_function<｜tool▁sep｜>{\"arg1\": 1}<｜tool▁call▁end｜>"
        "<｜tool▁calls▁end｜>",
        "", "", special(""), true, false);
    // Cohere.
    const char * r7b = "CohereForAI-c4ai-command-r7b-12-2024-tool_use.jinja";
    add(r7b, "<|START_THINKING|>" + kThought + "<|END_THINKING|><|START_RESPONSE|>" + kHello + "<|END_RESPONSE|>",
        kHello, kThought, {}, false);
    add(r7b, "<|START_THINKING|>" + kThought + "<|END_THINKING|>" + r7b_call, "", kThought, special("0"));
    add("CohereForAI-c4ai-command-r-plus-tool_use.jinja",
        "Action:\n```json\n[{\"tool_name\": \"special_function\", \"parameters\": {\"arg1\": 1}}]\n```", "", "",
        special(""));
    // Functionary, FireFunction.
    add("meetkai-functionary-medium-v3.1.jinja", kHello, kHello, "", {});
    add("meetkai-functionary-medium-v3.1.jinja", "<function=special_function>{\"arg1\": 1}</function>", "", "",
        special(""));
    add("meetkai-functionary-medium-v3.2.jinja", "all\n" + kHello, kHello, "", {}, false);
    add("meetkai-functionary-medium-v3.2.jinja", "special_function\n{\"arg1\": 1}", "", "", special(""));
    add("fireworks-ai-llama-3-firefunction-v2.jinja",
        " functools[{\"name\": \"special_function\", \"arguments\": {\"arg1\": 1}}]", "", "", special(""));
    // gpt-oss: channels.
    const char * oss = "openai-gpt-oss-120b.jinja";
    const std::string analysis = "<|channel|>analysis<|message|>" + kThought + "<|end|><|start|>assistant";
    add(oss, "<|channel|>final<|message|>" + kHello, kHello, "", {}, false);
    add(oss, analysis + "<|channel|>final<|message|>" + kHello, kHello, kThought, {}, false);
    add(oss, analysis + "<|channel|>commentary to=functions.special_function <|constrain|>json<|message|>{\"arg1\": 1}",
        "", kThought, special(""));
    // GLM.
    add("GLM-4.6.jinja", "<tool_call>special_function\n<arg_key>arg1</arg_key>\n<arg_value>1</arg_value>\n</tool_call>",
        "", "", special(""));
    add("GLM-4.7-Flash.jinja", kThought + "</think>" + kHello, kHello, kThought, {}, false);
    // Kimi names its calls.
    add("moonshotai-Kimi-K2.jinja",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.special_function:0<|tool_call_argument_begin|>"
        "{\"arg1\": 1}<|tool_call_end|><|tool_calls_section_end|>",
        "", "", special("functions.special_function:0"));
    // ByteDance Seed, MiniMax.
    add("ByteDance-Seed-OSS.jinja",
        "<seed:tool_call>\n<function=special_function>\n<parameter=arg1>1</parameter>\n</function>\n</seed:tool_call>",
        "", "", special(""));
    add("MiniMax-M2.jinja",
        kThought + "\n</think>\n\n<minimax:tool_call>\n<invoke name=\"special_function\">\n"
                   "<parameter name=\"arg1\">1</parameter>\n</invoke>\n</minimax:tool_call>",
        "", kThought, special(""));
    return cases;
}

}  // namespace inferno::llama::test
