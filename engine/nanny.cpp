#include "engine/nanny.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.hpp"
#include "shared/clock.hpp"
#include "shared/log.hpp"
#include "shared/net/poll.hpp"
#include "shared/random.hpp"

namespace roundhouse::engine {

using wire::Plane;

sigset_t nanny_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

Nanny::Nanny(NannyOptions options, EngineCommand command, LinkMaker links)
    : command_(std::move(command)),
      links_(std::move(links)),
      uuid_(options.uuid),
      core_(std::move(options), steady_now()) {
  const sigset_t set = nanny_signals();
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0)
    throw Exception(Errc::io_failed, std::string("no signalfd: ") + std::strerror(errno));
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Nanny::~Nanny() {
  process_.reset();
  if (page_) end_commands(page_->commands());
  reap_orphans();
  close(signals_);
}

Farewell Nanny::run() {
  core_.start(steady_now(), out_);
  for (;;) {
    carry_out();
    if (farewell_) break;
    sleep();
    turn();
  }
  if (process_) process_->pump_output();
  return *farewell_;
}

void Nanny::turn() {
  take_signals();
  look_at_process();
  carry_out();  // another link may be made: what comes by the one before is not for it
  reap_orphans();
  look_at_link();
  core_.on_tick(steady_now(), out_);
}

void Nanny::take_signals() {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) continue;  // look_at_process asks
    core_.on_stop(steady_now(), out_);
  }
}

void Nanny::look_at_process() {
  if (!process_) return;
  process_->pump_output();
  if (process_->take_ready()) core_.on_ready(page_->epoch(), steady_now(), out_);
  const auto status = process_->poll_exit();
  if (!status) return;
  end_commands(page_->commands());
  ProcessEnded ended = page_->read(process_->pump_rest());
  ended.signal = status->signal;
  ended.exit_code = status->code;
  if (!ended.output) ended.output = process_->output();
  if (!ended.farewell)
    log::warn("engine_process_died", {{"incarnation", core_.incarnation()},
                                      {"signal", status->signal},
                                      {"exit_code", status->code},
                                      {"running", ended.running.size()},
                                      {"outcomes_kept", ended.outcomes.size()}});
  core_.note_epoch(page_->epoch());
  process_.reset();
  page_.reset();
  core_.on_process_ended(std::move(ended), steady_now(), out_);
}

// Children of the engine process that have outlived it, or their own parents, and have ended.
void Nanny::reap_orphans() {
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    if (process_ && info.si_pid == process_->pid()) return;  // seen to in the next turn
    waitpid(info.si_pid, nullptr, 0);
  }
}

void Nanny::look_at_link() {
  if (!link_) return;
  wire::Message message;
  const bool down = link_->state() == net::LinkState::down;
  for (const Plane plane : {Plane::control, Plane::task}) {
    for (;;) {
      const net::Receipt receipt = link_->receive(plane, message);
      if (receipt == net::Receipt::nothing) break;
      if (receipt == net::Receipt::message) core_.on_message(plane, message, steady_now(), out_);
    }
  }
  if (!down) return;
  core_.on_link_lost(steady_now(), out_);
  out_.close = true;
}

void Nanny::carry_out() {
  // Each step may lead to the next: a link that cannot be made, a process that does not start.
  while (!out_.empty()) {
    NannyOutbox now = std::exchange(out_, {});
    if (link_)
      for (const Send& send : now.sends) static_cast<void>(link_->send(send.plane, send.message));
    if (now.close && link_) {
      link_->close(kFlushMax);
      link_.reset();
    }
    if (now.connect) {
      auto made = links_();
      if (made) {
        link_ = std::move(*made);
        core_.on_link(random_u64(), steady_now(), out_);
      } else {
        core_.on_link_lost(steady_now(), out_);
      }
    }
    if (now.start) start_process(*now.start);
    for (const int signal : now.signals)
      if (process_) process_->send_signal(signal);
    if (now.terminate && process_) process_->send_signal(SIGTERM);
    if (now.kill && process_) process_->send_signal(SIGKILL);
    if (now.ready && ready_) ready_();
    if (now.exit) farewell_ = std::move(now.exit);
  }
}

void Nanny::start_process(std::uint32_t incarnation) {
  auto page = Page::create(command_.ring_bytes);
  if (!page) return core_.on_start_failed(page.error().text, out_);
  page_ = std::move(*page);
  page_->set_epoch(core_.epoch());
  Inheritance inheritance;
  inheritance.uuid = uuid_;
  inheritance.incarnation = incarnation;
  inheritance.epoch = core_.epoch();
  auto process = Process::start(command_.program, command_.arguments, inheritance, page_->fd());
  if (!process) return core_.on_start_failed(process.error().text, out_);
  process_ = std::move(*process);
  log::info("engine_process_started", {{"incarnation", incarnation}, {"pid", process_->pid()}});
}

void Nanny::sleep() {
  std::vector<net::PollItem> items{net::PollItem::readable(signals_)};
  if (process_) {
    items.push_back(net::PollItem::readable(process_->output_fd()));
    items.push_back(net::PollItem::readable(process_->ready_fd()));
  }
  if (link_) {
    link_->add_control_items(items);
    items.push_back(link_->task_item());
  }
  std::optional<Duration> timeout;
  if (const auto deadline = core_.next_deadline())
    timeout = std::max(*deadline - steady_now(), Duration{0});
  net::poll(items, timeout);
}

}  // namespace roundhouse::engine
