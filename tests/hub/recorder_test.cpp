#include "hub/recorder.hpp"

#include <atomic>
#include <functional>
#include <mutex>

#include <doctest/doctest.h>

#include "tests/hub/facts.hpp"
#include "tests/support/patience.hpp"

namespace roundhouse::hub {
namespace {

using namespace roundhouse::test;

// What a store saw; shared with the recorder's thread.
struct Log {
  explicit Log(bool searches) : searchable(searches) {}

  std::mutex mutex;
  std::vector<std::uint64_t> sequences;   // of the Ended facts, as committed
  std::vector<std::size_t> transactions;  // facts of each
  std::size_t seen_by_query = 0;          // facts committed before the last question
  std::atomic<bool> broken{false};
  const bool searchable;
  std::atomic<bool> searching{false};  // a search has begun
  std::atomic<bool> search_ends{false};
};

// Takes until it is told to end.
class FakeSearch final : public StoreSearch {
 public:
  explicit FakeSearch(Log& log) : log_(log) {}

  wire::Reply answer(const Query& query) override {
    log_.searching = true;
    while (!log_.search_ends) test::pause_for(std::chrono::milliseconds{1});
    wire::Reply out;
    out.id = query.request;
    return out;
  }

 private:
  Log& log_;
};

class FakeStore final : public Store {
 public:
  explicit FakeStore(Log& log) : log_(log) {}

  Restored restore() override { return {}; }

  std::uint64_t begin_epoch() override { return 1; }

  Result<void> commit(FactBatches batches) override {
    if (log_.broken) return Error{Errc::store_failed, "disk full"};
    const std::lock_guard lock(log_.mutex);
    std::size_t count = 0;
    for (const std::vector<Fact>& facts : batches) {
      for (const Fact& fact : facts) log_.sequences.push_back(std::get<Ended>(fact).sequence);
      count += facts.size();
    }
    log_.transactions.push_back(count);
    return {};
  }

  wire::Reply answer(const Query& query) override {
    const std::lock_guard lock(log_.mutex);
    log_.seen_by_query = log_.sequences.size();
    wire::Reply out;
    out.id = query.request;
    return out;
  }

  std::unique_ptr<StoreSearch> open_search() override {
    if (!log_.searchable) return nullptr;
    return std::make_unique<FakeSearch>(log_);
  }

  void maintain(bool /*idle*/) override {}

  std::string_view kind() const override { return "fake"; }

 private:
  Log& log_;
};

// The loop's side: pushes facts and waits for mail.
struct Loop {
  explicit Loop(Durability durability = Durability::relaxed, bool searchable = false)
      : log(searchable),
        recorder(std::make_unique<FakeStore>(log), durability, std::chrono::milliseconds{20}) {}

  void push(std::size_t count) {
    std::vector<Fact> facts;
    for (std::size_t i = 0; i < count; ++i, ++pushed)
      facts.emplace_back(ended(1, pushed + 1, pushed + 1));
    std::vector<Query> none;
    recorder.push(facts, none);
    CHECK(facts.empty());
  }

  // Takes mail until `done`, for ten seconds at most.
  bool wait(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000 && !done(); ++i) {
      recorder.flush();
      test::pause_for(std::chrono::milliseconds{1});
      for (RecorderMail& mail : recorder.take_mail()) {
        if (const auto* through = std::get_if<StoredThrough>(&mail)) {
          CHECK(through->facts > stored);
          stored = through->facts;
        } else if (const auto* failure = std::get_if<StoreFailed>(&mail)) {
          failures.push_back(failure->reason);
        } else if (const auto* answer = std::get_if<Answer>(&mail)) {
          answers.push_back(answer->reply.id);
        } else {
          ++recoveries;
        }
      }
    }
    return done();
  }

  Log log;
  std::uint64_t pushed = 0;
  std::uint64_t stored = 0;
  std::vector<std::string> failures;
  std::vector<std::uint64_t> answers;
  int recoveries = 0;
  Recorder recorder;
};

}  // namespace

TEST_CASE("facts are committed in order, in batches, and the loop is told how far") {
  for (const Durability durability : {Durability::relaxed, Durability::commit}) {
    Loop loop(durability);
    for (int i = 0; i < 2000; ++i) loop.push(5);
    REQUIRE(loop.wait([&] { return loop.stored == 10'000; }));
    CHECK(loop.recorder.stop());
    REQUIRE(loop.log.sequences.size() == 10'000);
    for (std::size_t i = 0; i < 10'000; ++i) CHECK(loop.log.sequences[i] == i + 1);
    CHECK(loop.log.transactions.size() <= 2000);
  }
}

TEST_CASE("facts that come after a long quiet are committed, too") {
  Loop loop;
  loop.push(1);
  REQUIRE(loop.wait([&] { return loop.stored == 1; }));
  test::pause_for(Recorder::kBeat * (Recorder::kIdleBeats + 20));
  loop.push(1);
  CHECK(loop.wait([&] { return loop.stored == 2; }));
}

TEST_CASE("a question is answered behind the facts that came before it") {
  Loop loop;
  std::vector<Fact> facts;
  for (std::uint64_t i = 1; i <= 100; ++i) facts.emplace_back(ended(1, i, i));
  std::vector<Query> queries{query("result")};
  loop.recorder.push(facts, queries);
  REQUIRE(loop.wait([&] { return !loop.answers.empty(); }));
  CHECK(loop.answers == std::vector<std::uint64_t>{42});
  CHECK(loop.log.seen_by_query == 100);
}

TEST_CASE("a question that takes long holds up neither facts nor other questions") {
  Loop loop(Durability::relaxed, true);
  std::vector<Fact> facts;
  std::vector<Query> queries{query("db_query")};
  loop.recorder.push(facts, queries);
  REQUIRE(loop.wait([&] { return loop.log.searching.load(); }));
  loop.push(10);
  queries = {query("result")};
  loop.recorder.push(facts, queries);
  REQUIRE(loop.wait([&] { return loop.stored == 10 && loop.answers.size() == 1; }));
  loop.log.search_ends = true;
  CHECK(loop.wait([&] { return loop.answers.size() == 2; }));
}

TEST_CASE("a failing store keeps the facts, says so once, and is tried again") {
  Loop loop;
  loop.log.broken = true;
  loop.push(10);
  REQUIRE(loop.wait([&] { return !loop.failures.empty(); }));
  CHECK(loop.failures == std::vector<std::string>{"disk full"});
  loop.push(10);
  test::pause_for(std::chrono::milliseconds{100});
  CHECK(loop.recoveries == 0);
  loop.log.broken = false;
  REQUIRE(loop.wait([&] { return loop.stored == 20; }));
  CHECK(loop.recoveries == 1);
  CHECK(loop.failures.size() == 1);
  CHECK(loop.log.sequences.size() == 20);
}

TEST_CASE("stopping commits what was pushed, and tells when it could not") {
  Loop good;
  good.push(1000);
  CHECK(good.recorder.stop());
  CHECK(good.log.sequences.size() == 1000);
  Loop bad;
  bad.log.broken = true;
  bad.push(1);
  CHECK_FALSE(bad.recorder.stop());
  CHECK_FALSE(bad.recorder.stop());
}

}  // namespace roundhouse::hub
