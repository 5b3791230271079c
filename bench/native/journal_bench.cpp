// A durable put of the journal against the least that durability costs, append and fdatasync of the same bytes to a
// file in the same folder; and what group commit gains. The contestants take turns in short blocks, so that a disk that
// changes its pace changes it for all; a figure is the median over the blocks, a ratio that of the ratios of each
// block.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/native/bench.h"
#include "native/queue/journal.h"
#include "native/queue/journal_format.h"

namespace inferno::bench {
namespace {

using queue::Journal;

constexpr int kBlocks = 25;
constexpr int kPutsPerBlock = 60;
constexpr int kProducers = 64;
constexpr size_t kValueBytes = 512;  // a background request with a short prompt
constexpr double kMicroseconds = 1e6;

std::string key_of(int number) { return "request-" + std::to_string(1'000'000 + number % 1000); }

void require(bool is_ok, const char * what) {
    if (is_ok) return;
    std::fprintf(stderr, "%s\n", what);
    std::exit(2);
}

// Appends as many bytes as a record of the journal has, and syncs.
class BareFile {
  public:
    explicit BareFile(const std::string & path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600)),
          record_(queue::record_bytes(key_of(0).size(), kValueBytes), std::byte{'x'}) {
        require(file_ >= 0, "The file to compare with cannot be made.");
    }
    ~BareFile() { ::close(file_); }
    BareFile(const BareFile &) = delete;
    BareFile & operator=(const BareFile &) = delete;

    void append() {
        const bool is_written = ::write(file_, record_.data(), record_.size()) == static_cast<ssize_t>(record_.size());
#if defined(__APPLE__)
        require(is_written && ::fcntl(file_, F_FULLFSYNC) == 0, "The file to compare with cannot be written.");
#else
        require(is_written && ::fdatasync(file_) == 0, "The file to compare with cannot be written.");
#endif
    }

  private:
    const int file_;
    const std::vector<std::byte> record_;
};

void put_and_wait(Journal & journal, int number) {
    // Shared: the writer thread may still be in set_value() when this one goes on.
    const auto is_done = std::make_shared<std::promise<bool>>();
    journal.put(key_of(number), std::vector<std::byte>(kValueBytes),
                [is_done](const Status & status) { is_done->set_value(status.is_ok()); });
    require(is_done->get_future().get(), "A put failed.");
}

void put_serially(Journal & journal, int count) {
    for (int i = 0; i < count; ++i) put_and_wait(journal, i);
}

// Each producer puts again as soon as its last put is durable, on a thread of its own.
void put_from_threads(Journal & journal, int puts_each) {
    std::vector<std::thread> threads;
    for (int producer = 0; producer < kProducers; ++producer) {
        threads.emplace_back([&journal, puts_each] { put_serially(journal, puts_each); });
    }
    for (std::thread & thread : threads) thread.join();
}

// Callers that put again in the callback of their last put.
struct CallbackProducers : std::enable_shared_from_this<CallbackProducers> {
    CallbackProducers(Journal & journal, int puts) : journal(journal), left(puts) {}

    void put_next() {
        const int number = left.fetch_sub(1);
        if (number > 0) {
            journal.put(key_of(number), std::vector<std::byte>(kValueBytes),
                        [self = shared_from_this()](const Status & status) {
                            require(status.is_ok(), "A put failed.");
                            self->put_next();
                        });
        } else if (running.fetch_sub(1) == 1) {
            is_done.set_value();
        }
    }

    Journal & journal;
    std::atomic<int> left;
    std::atomic<int> running = kProducers;
    std::promise<void> is_done;
};

void put_from_callbacks(Journal & journal, int puts_each) {
    const auto producers = std::make_shared<CallbackProducers>(journal, kProducers * puts_each);
    for (int i = 0; i < kProducers; ++i) producers->put_next();
    producers->is_done.get_future().wait();
}

// Microseconds of one put of so many.
template <typename Work>
double time_of_one(int count, Work && work) {
    return seconds_of(std::forward<Work>(work)) * kMicroseconds / count;
}

}  // namespace

INFERNO_BENCH(journal) {
    auto opened = Journal::open(context.folder() + "/journal", {});
    require(opened.is_ok(), "The journal cannot be opened.");
    Journal & journal = *opened.value().journal;
    BareFile file(context.folder() + "/bare");
    std::vector<double> bare, serial, threads, callbacks, serial_ratio, threads_ratio, callbacks_ratio;
    for (int block = 0; block < kBlocks; ++block) {
        bare.push_back(time_of_one(kPutsPerBlock, [&] {
            for (int i = 0; i < kPutsPerBlock; ++i) file.append();
        }));
        serial.push_back(time_of_one(kPutsPerBlock, [&] { put_serially(journal, kPutsPerBlock); }));
        constexpr int kGroupedPuts = kProducers * kPutsPerBlock;
        threads.push_back(time_of_one(kGroupedPuts, [&] { put_from_threads(journal, kPutsPerBlock); }));
        callbacks.push_back(time_of_one(kGroupedPuts, [&] { put_from_callbacks(journal, kPutsPerBlock); }));
        serial_ratio.push_back(serial.back() / bare.back());
        threads_ratio.push_back(serial.back() / threads.back());
        callbacks_ratio.push_back(serial.back() / callbacks.back());
    }
    context.report("append and fdatasync of one record", median(bare), "us");
    context.report("durable put, one after the other", median(serial), "us");
    context.report("durable put, 64 producers that are threads", median(threads), "us");
    context.report("durable put, 64 producers that are callbacks", median(callbacks), "us");
    // No bar: it is mostly the price of waking 64 threads. The binding puts with callbacks.
    context.report("rate of 64 producers that are threads / serial", median(threads_ratio), "times");
    context.report_at_most("durable put / append and fdatasync", median(serial_ratio), 1.2);
    context.report_at_least("rate of 64 producers that are callbacks / serial", median(callbacks_ratio), 20);
}

}  // namespace inferno::bench
