#pragma once

// THREAD. Recorder: takes facts off the hub's loop and commits them to the store in batches, in
// order; answers questions behind the facts that came before them. What may take long, `db_query`,
// is answered by a thread of its own, if the store lets it.
//
//   Recorder recorder(std::move(store), durability);      // its thread runs
//   recorder.push(facts, queries);                        // loop: one lock, no waiting
//   poll(... recorder.mail_fd() ...);
//   for (RecorderMail& mail : recorder.take_mail()) ...   // stored through, failed, answers
//   recorder.stop();                                      // what was pushed is committed
//
// While facts come it looks for them every kBeat and never waits for a wake-up, so that the loop
// wakes nobody; after kIdleBeats of quiet it sleeps until it is woken. Under Durability::commit it
// sleeps until something comes and commits at once. A store that fails is tried again every
// kRetry; meanwhile the facts are kept.

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "hub/core/fact.hpp"
#include "hub/core/link.hpp"
#include "hub/core/options.hpp"
#include "hub/core/outbox.hpp"
#include "hub/store.hpp"
#include "shared/mailbox.hpp"
#include "shared/message.hpp"

namespace roundhouse::hub {

// Facts up to this number, counted from 1 in the order they were pushed, are in the store.
struct StoredThrough {
  std::uint64_t facts = 0;
};

// Nothing is committed until StoreRecovered.
struct StoreFailed {
  std::string reason;
};

struct StoreRecovered {};

struct Answer {
  LinkId link;
  wire::Reply reply;
};

// The answer to a fetch.
struct ModuleRead {
  ContentHash build;
  Result<Frames> parts;
};

// The answer to a PlaceQuestion.
struct PlacesFound {
  std::uint64_t question = 0;
  std::vector<RanOn> places;
};

using RecorderMail =
    std::variant<StoredThrough, StoreFailed, StoreRecovered, Answer, ModuleRead, PlacesFound>;

class Recorder {
 public:
  static constexpr std::chrono::milliseconds kBeat{2};
  static constexpr int kIdleBeats = 50;
  static constexpr std::chrono::milliseconds kRetry{1000};
  static constexpr std::size_t kChunksMax = 256;      // pushes that wait to be taken
  static constexpr std::size_t kMailMax = 4096;       // mails that wait for the loop
  static constexpr std::size_t kSearchesMax = 1024;   // questions that wait for the second thread
  static constexpr std::size_t kFactsPerPush = 1024;  // worth handing over in the midst of a turn
  static constexpr std::size_t kSpareMax = 128;  // emptied vectors that are kept while facts come
  static constexpr std::size_t kSpareFacts = 2048;  // a larger one is not

  // `retry`: for tests.
  // Throws Exception(store_failed) when the store cannot be searched.
  Recorder(std::unique_ptr<Store> store, Durability durability,
           std::chrono::milliseconds retry = kRetry);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  // stop().
  ~Recorder();

  // Takes what is in both vectors and leaves them empty, the first with room that it has used
  // before. Loop only. When kChunksMax
  // pushes wait, it takes them in with the next push: what is kept here is bounded by what the
  // router lets its clients have unfinished.
  void push(std::vector<Fact>& facts, std::vector<Query>& queries);
  // Asks for modules, behind what was pushed before: ModuleRead comes for each.
  void fetch(const std::vector<ContentHash>& builds);
  // Asks where tasks ran, behind what was pushed before: PlacesFound comes for each. Leaves the
  // vector empty.
  void ask(std::vector<PlaceQuestion>& questions);
  // Tries again to hand over what push() had to keep. True when nothing is kept.
  bool flush();

  // Readable while there is mail. Loop only.
  [[nodiscard]] int mail_fd() const { return mail_.fd(); }

  [[nodiscard]] std::vector<RecorderMail> take_mail() { return mail_.take_all(); }

  // Commits what was pushed, tries a failing store once more, and ends the thread. Returns false
  // when facts were lost because the store still fails. Idempotent. Loop only.
  bool stop();

 private:
  struct Chunk {
    std::vector<Fact> facts;
    std::vector<Query> queries;
    std::vector<ContentHash> fetches;
    std::vector<PlaceQuestion> places;
  };

  void run(const std::stop_token& stop);
  void rest(bool busy);
  void recycle();
  // Takes in what was pushed. Returns whether there was anything.
  bool take();
  // Commits what is waiting, if it is time to try.
  void commit();
  void answer();
  [[nodiscard]] PlacesFound find_places(const PlaceQuestion& question);
  void tell(RecorderMail mail);
  void send_mail();
  void search(const std::stop_token& stop);

  const Durability durability_;
  const std::chrono::milliseconds retry_;
  Mailbox<Chunk> inbox_{kChunksMax};
  Mailbox<RecorderMail> mail_{kMailMax};
  std::mutex spare_mutex_;
  std::vector<std::vector<Fact>> spare_;  // emptied, for the loop to use again
  // Loop only.
  Chunk kept_;
  bool stopped_ = false;
  bool complete_ = true;
  // The recorder's thread only.
  std::unique_ptr<Store> store_;
  std::vector<Chunk> chunks_;
  std::vector<std::vector<Fact>> facts_;  // batches, as they were pushed
  std::vector<Query> queries_;
  std::vector<ContentHash> fetches_;
  std::vector<PlaceQuestion> places_;
  std::deque<RecorderMail> outgoing_;  // mail that found the box full
  std::uint64_t stored_ = 0;
  bool failing_ = false;
  int quiet_beats_ = 0;
  std::chrono::milliseconds since_try_{0};
  // The second thread's.
  std::unique_ptr<StoreSearch> search_;
  Mailbox<Query> searches_{kSearchesMax};
  // Last: joined before anything they use is destroyed.
  std::jthread search_thread_;
  std::jthread thread_;
};

}  // namespace roundhouse::hub
