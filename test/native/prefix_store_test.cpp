#include "native/llama/prefix_store.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "test/native/check.h"

using namespace inferno::llama;

namespace {

using Tokens = std::vector<llama_token>;

Tokens tokens_from(llama_token first, size_t count) {
    Tokens tokens(count);
    for (size_t i = 0; i < count; ++i) tokens[i] = first + static_cast<llama_token>(i);
    return tokens;
}

KvStatePtr state_of(size_t bytes, uint8_t fill) {
    auto state = std::make_shared<KvState>();
    state->bytes.assign(bytes, fill);
    return state;
}

// A folder that goes with the test.
class Folder {
  public:
    Folder()
        : path_(std::filesystem::temp_directory_path() /
                ("inferno-prefix-store-" +
                 std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()))) {}
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string path() const { return path_.string(); }
    bool empty() const { return !std::filesystem::exists(path_) || std::filesystem::is_empty(path_); }

  private:
    std::filesystem::path path_;
};

template <typename Done>
bool poll_until(PrefixStore & store, Done done) {
    for (int i = 0; i < 5000; ++i) {
        store.poll(1);
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

}  // namespace

INFERNO_TEST(prefix_store_finds_what_was_put_and_keeps_its_budget) {
    PrefixStore store({1000, "", 0}, true);
    store.put(tokens_from(0, 50), state_of(400, 1), 1);
    store.put(tokens_from(1000, 50), state_of(400, 2), 2);
    CHECK_EQ(store.find(tokens_from(0, 30)).length, 30u);
    CHECK_EQ(store.state(store.find(tokens_from(1000, 60)).id, 3)->bytes[0], 2);
    // The first was never used, so it is worth least.
    store.put(tokens_from(2000, 50), state_of(400, 3), 4);
    CHECK_EQ(store.find(tokens_from(0, 30)).id, kNoPrefix);
    CHECK_EQ(store.stats().entries, 2u);
    CHECK_EQ(store.stats().memory_bytes, 800u);
    CHECK_EQ(store.stats().evicted, 1u);
    // Larger than the whole budget: not kept, and nothing is lost for it.
    store.put(tokens_from(3000, 50), state_of(1001, 4), 5);
    CHECK_EQ(store.stats().entries, 2u);
}

INFERNO_TEST(prefix_store_prefers_to_lose_what_others_cover) {
    PrefixStore store({1200, "", 0}, true);
    store.put(tokens_from(0, 60), state_of(400, 1), 1);
    store.put(tokens_from(0, 40), state_of(400, 2), 2);  // wholly inside the first
    store.put(tokens_from(500, 60), state_of(400, 3), 3);
    store.put(tokens_from(900, 60), state_of(400, 4), 4);
    CHECK_EQ(store.find(tokens_from(0, 60)).length, 60u);
    CHECK_EQ(store.find(tokens_from(500, 60)).length, 60u);
    CHECK_EQ(store.stats().entries, 3u);
}

INFERNO_TEST(prefix_store_the_same_tokens_replace_what_was_stored) {
    PrefixStore store({1000, "", 0}, true);
    store.put(tokens_from(0, 50), state_of(400, 1), 1);
    store.put(tokens_from(0, 50), state_of(300, 2), 2);
    CHECK_EQ(store.stats().entries, 1u);
    CHECK_EQ(store.stats().memory_bytes, 300u);
    CHECK_EQ(store.state(store.find(tokens_from(0, 50)).id, 3)->bytes[0], 2);
}

INFERNO_TEST(prefix_store_spills_to_disk_comes_back_and_cleans_up) {
    Folder folder;
    std::atomic<int> calls{0};
    {
        PrefixStore store({1000, folder.path(), 1 << 20}, true);
        CHECK(store.open_disk([&] { ++calls; }).is_ok());
        for (int i = 0; i < 5; ++i) {
            store.put(tokens_from(1000 * i, 50), state_of(400, static_cast<uint8_t>(i + 1)), i + 1);
        }
        CHECK(poll_until(store, [&] { return store.stats().spilled == 3; }));
        CHECK_EQ(store.stats().entries, 5u);
        CHECK(store.stats().memory_bytes <= 1000);
        CHECK(!folder.empty());
        for (int i = 0; i < 5; ++i) {
            const PrefixMatch match = store.find(tokens_from(1000 * i, 50));
            CHECK_EQ(match.length, 50u);
            if (store.state(match.id, 10) == nullptr) {
                CHECK(store.fetch(match.id));
                CHECK(store.is_fetching(match.id));
                CHECK(poll_until(store, [&] { return !store.is_fetching(match.id); }));
            }
            const KvStatePtr state = store.state(match.id, 11);
            CHECK(state != nullptr);
            if (state) CHECK(state->bytes == std::vector<uint8_t>(400, static_cast<uint8_t>(i + 1)));
        }
        CHECK(calls > 0);
    }
    CHECK(folder.empty());
}

INFERNO_TEST(prefix_store_disk_budget_forgets_the_least_worth) {
    Folder folder;
    // A state of one repeated byte takes some thirty bytes on disk.
    PrefixStore store({1000, folder.path(), 60}, true);
    CHECK(store.open_disk([] {}).is_ok());
    for (int i = 0; i < 8; ++i) store.put(tokens_from(1000 * i, 50), state_of(900, 1), i + 1);
    CHECK(poll_until(store, [&] { return store.stats().spilled >= 7; }));
    CHECK(store.stats().disk_bytes <= 60);
    CHECK(store.stats().entries < 8);
}

INFERNO_TEST(prefix_store_says_when_its_folder_cannot_be_made) {
    PrefixStore store({1000, "/dev/null/cache", 1 << 20}, true);
    const inferno::Status status = store.open_disk([] {});
    CHECK(!status.is_ok());
    CHECK_EQ(inferno::error_code_name(status.code()), "invalid_argument");
}
