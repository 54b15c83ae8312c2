#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "cli/bench_runs.hpp"
#include "cli/bench_setting.hpp"
#include "cli/commands.hpp"
#include "shared/clock.hpp"
#include <roundhouse/roundhouse.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRestartEngines = 2;
constexpr Seconds kTaskTime = 1ms;  // of what the engines do meanwhile
constexpr std::size_t kStreamTasks = 256;
// With such tasks an engine has so many at hand (schedule.lookahead), which no hub has to give it.
constexpr std::size_t kAtHand = 3;
constexpr Duration kHubLife = 1100ms;  // one that lived for less than a second is started later
constexpr Duration kPatience = 60s;    // without any outcome

// Tasks that keep the engines busy, a number of them under way at any time, submitted by a thread.
class Stream {
 public:
  explicit Stream(LoadBalancedView view)
      : view_(std::move(view)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  // From `kill`, which kills the hub, until there is the outcome of a task that the hub still had
  // to give to an engine. Throws TimeoutError, what the client throws, and when interrupted.
  Duration resumed_after(const std::function<void()>& kill, const Interrupt& interrupt) {
    std::unique_lock lock(mutex_);
    begun_after_ = 0;
    killed_ = UtcTime{std::chrono::microseconds{wall_now().microseconds}};
    lock.unlock();
    const TimePoint begin = steady_now();
    kill();
    lock.lock();
    while (!resumed_) {
      interrupt.check();
      changed_.wait_for(lock, 100ms);
      if (failure_) std::rethrow_exception(failure_);
    }
    killed_.reset();
    return *std::exchange(resumed_, std::nullopt) - begin;
  }

  // Submits no more and waits for the rest. Returns how many of all had no outcome, or a bad one.
  std::size_t finish() {
    thread_.request_stop();
    thread_.join();
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    return bad_;
  }

 private:
  void run(const std::stop_token& stop) {
    std::deque<AsyncResult<void>> under_way;
    TimePoint last = steady_now();
    try {
      for (;;) {
        while (under_way.size() < kStreamTasks && !stop.stop_requested())
          under_way.push_back(view_.apply_async<void>(kSleepTask, kTaskTime.count()));
        if (under_way.empty()) return;
        if (under_way.front().wait(100ms)) {
          last = steady_now();
          note(under_way.front(), last);
          under_way.pop_front();
        } else if (steady_now() - last > kPatience) {
          throw TimeoutError("no task has ended for a minute: work did not resume");
        }
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  }

  void note(const AsyncResult<void>& result, TimePoint now) {
    const Metadata about = result.metadata();
    const std::lock_guard lock(mutex_);
    if (!result.successful()) ++bad_;
    if (!killed_ || !about.started || *about.started <= *killed_) return;
    if (++begun_after_ != kRestartEngines * kAtHand + 1) return;
    resumed_ = now;
    changed_.notify_all();
  }

  const LoadBalancedView view_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<UtcTime> killed_;
  std::size_t begun_after_ = 0;  // outcomes of tasks that began after that
  std::optional<TimePoint> resumed_;
  std::size_t bad_ = 0;
  std::exception_ptr failure_;
  std::jthread thread_;  // last
};

// Tasks that wait at the hub while there are others.
class Queue {
 public:
  Queue(const Client& client, std::size_t size) : client_(client), size_(size) {}

  // Submits what it lacks, and returns when the hub has committed it.
  void fill(const Interrupt& interrupt) {
    const LoadBalancedView view = client_.load_balanced_view();
    while (ended_ < results_.size() && results_[ended_].ready()) ++ended_;
    while (results_.size() - ended_ < size_) {
      if (results_.size() % 1024 == 0) interrupt.check();
      results_.push_back(view.apply_async<void>(kBenchTask));
    }
    (void)client_.status();        // answered when all is accepted
    (void)client_.hub_history(1);  // answered behind all that was to be stored before
  }

  // Waits for all of them. Returns how many had no outcome, or a bad one.
  std::size_t finish(const Interrupt& interrupt) {
    std::size_t bad = 0;
    TimePoint last = steady_now();
    for (const AsyncResult<void>& result : results_) {
      while (!result.ready() && !result.wait(100ms)) {
        interrupt.check();
        if (steady_now() - last > kPatience) break;
      }
      if (!result.ready() || !result.successful())
        ++bad;
      else
        last = steady_now();
    }
    return bad;
  }

 private:
  const Client& client_;
  const std::size_t size_;
  std::vector<AsyncResult<void>> results_;
  std::size_t ended_ = 0;  // those before have
};

struct Restarts {
  std::vector<Duration> times;
  std::size_t lost = 0;
};

Restarts restart(std::size_t queued, std::size_t kills, const Interrupt& interrupt) {
  const BenchCluster cluster({.engines = kRestartEngines,
                              .store = "sqlite",
                              .durability = "relaxed",
                              .hub_starts_max = kills + 10});
  Restarts out;
  Stream stream(cluster.client().load_balanced_view().with({.priority = 1}));
  Queue queue(cluster.client(), queued);
  TimePoint hub_since = steady_now();
  while (out.times.size() < kills) {
    queue.fill(interrupt);
    (void)interrupt.wait(std::max(Duration{}, hub_since + kHubLife - steady_now()));
    interrupt.check();
    out.times.push_back(stream.resumed_after([&] { cluster.kill_hub(); }, interrupt));
    hub_since = steady_now();
  }
  out.lost = stream.finish();
  out.lost += queue.finish(interrupt);
  return out;
}

void add_figures(std::size_t queued, const Restarts& restarts, std::vector<Figure>& figures) {
  const std::string name = "restart." + std::to_string(queued) + ".";
  Figure p50{.name = name + "p50", .unit = "ms", .target = {}};
  for (const Duration time : restarts.times) p50.ours.push_back(seconds(time) * 1e3);
  Figure p99{.name = name + "p99", .unit = "ms", .target = {}};
  if (queued <= 100'000)
    p99.target = 1000;
  else if (queued <= 1'000'000)
    p99.target = 5000;
  // Of fewer than a hundred it is the longest.
  p99.ours.push_back(percentile_us(restarts.times, restarts.times.size() < 100 ? 1 : 0.99) / 1e3);
  Figure lost{.name = name + "lost", .unit = "tasks", .target = 0};
  lost.ours.push_back(static_cast<double>(restarts.lost));
  figures.insert(figures.end(), {std::move(p50), std::move(p99), std::move(lost)});
}

}  // namespace

void bench_restart(const RestartOptions& options, Output& out) {
  const Interrupt interrupt;
  const BenchPlace place;
  std::vector<Figure> figures;
  const auto measure = [&](std::size_t queued, std::size_t kills) {
    const std::size_t count = options.kills == 0 ? kills : options.kills;
    add_figures(queued, restart(queued, count, interrupt), figures);
  };
  if (options.queued == 0) {
    measure(100'000, 20);
    measure(1'000'000, 5);
  } else {
    measure(options.queued, options.queued > 100'000 ? 5 : 20);
  }
  print_figures(figures, out);
}

}  // namespace roundhouse::cli
