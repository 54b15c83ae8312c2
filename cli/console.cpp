// `roundhouse console`: inputs are read, run on engines, and shown, one after the other.
#include <algorithm>
#include <csignal>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/by_engine.hpp"
#include "cli/commands.hpp"
#include "cli/connect.hpp"
#include "cli/console_engines.hpp"
#include "cli/console_reader.hpp"
#include "cli/input_run.hpp"
#include "cli/interrupt.hpp"
#include "shared/clock.hpp"
#include <roundhouse/named_values.hpp>
#include <roundhouse/version.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

// What engines answer when they are asked for their names.
class NameLists : public AsyncTasks {
 public:
  explicit NameLists(AsyncTasks sent) : AsyncTasks(std::move(sent)) {}

  [[nodiscard]] std::vector<std::string> of_engine(std::size_t index) const {
    tasks_.check(index);
    return decode_names(tasks_.bytes(index).body());
  }
};

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from));
}

class Console {
 public:
  Console(const SourceOptions& options, Output& out)
      : options_(options),
        out_(out),
        reader_(interrupt_, {}),
        engines_(options.ask, options.engines, [this](const std::string& line) { tell(line); }) {}

  int run() {
    if (reader_.is_typed()) greet();
    while (!over_) {
      const std::optional<std::string> input = reader_.next([this] { return prompt(); });
      if (!input) break;
      if (!take(*input)) ++failed_;
      over_ = over_ || interrupt_.signal() != 0;
    }
    if (const int signal = interrupt_.signal(); signal != 0) return 128 + signal;
    if (failed_ > 0 && !reader_.is_typed())
      raise({Errc::task_failed, std::to_string(failed_) + (failed_ == 1 ? " input" : " inputs") +
                                    " of " + std::to_string(taken_) + " failed"});
    return 0;
  }

 private:
  struct Command {
    std::string_view name;
    std::string_view arguments;
    std::string_view help;
    void (Console::*run)(const std::string& arguments);
  };

  static const std::vector<Command>& commands() {
    static const std::vector<Command> all{
        {"help", "", "this list", &Console::help},
        {"engines", "[0,2-5|all]", "the engines, or those that inputs are for from now on",
         &Console::engines},
        {"run", "FILE", "runs a file of C++ source of this machine", &Console::run_file},
        {"names", "", "what has been declared or pushed, by engine", &Console::names},
        {"clear", "", "makes engines forget all that", &Console::clear},
        {"history", "[N]", "what was typed before", &Console::history},
        {"quit", "", "ends the console, as Ctrl-D does", &Console::quit}};
    return all;
  }

  void greet() {
    out_.line(std::string("Roundhouse ") + std::string(kVersion) + ": C++ on " + engines_.words() +
              ". %help lists commands, Ctrl-D ends.");
    if (engines_.present().empty())
      out_.line("No engine is here yet: `roundhouse engines add N` starts some.");
  }

  std::string prompt() { return "[" + std::to_string(number_) + "] " + engines_.words() + "> "; }

  // What happens to engines: between inputs.
  void tell(const std::string& line) { reader_.say(line); }

  void complain(const std::string& text) { print_error("task_failed", text, false); }

  // Whether it went well.
  bool take(const std::string& input) {
    ++taken_;
    try {
      const std::string text = trimmed(input);
      if (text.starts_with('%')) return command(text.substr(1)), true;
      const std::string name = "input " + std::to_string(number_++);
      inputs_.push_back(input);
      return execute({input, name});
    } catch (const UsageError& error) {
      complain(error.what());
    } catch (const Exception& error) {
      complain(error.what());
    }
    return false;
  }

  void command(const std::string& text) {
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    const std::string name = text.substr(0, end) == "exit" ? "quit" : text.substr(0, end);
    for (const Command& each : commands())
      if (each.name == name) return (this->*each.run)(trimmed(text.substr(end)));
    std::string known;
    for (const Command& each : commands())
      known += (known.empty() ? "%" : ", %") + std::string(each.name);
    throw UsageError("there is no command '%" + name + "': there are " + known);
  }

  bool execute(const Input& input) {
    const std::shared_ptr<Client> client = engines_.client();
    const ConsoleEngines::Lives before = engines_.lives();
    InputRun run(*client, engines_.targets(), input,
                 {.label = options_.label, .time_limit = options_.time_limit});
    const bool over = await(client, run);
    run.show(out_, true);
    await_restart(run.ending(), before);
    if (over) return run.errors().empty();
    out_.line("engines " + engine_set(run.under_way()) + " go on with it: `roundhouse result " +
              run.ids_under_way().front() + "` tells what becomes of it");
    return false;
  }

  // Until all engines are through; false when whoever types waits no longer.
  bool await(const std::shared_ptr<Client>& client, InputRun& run) {
    constexpr Duration kAlone = 1s;
    bool asked = false;
    bool told = false;
    const TimePoint began = steady_now();
    while (!run.wait(50ms)) {
      const bool away = steady_now() - began > kAlone && engines_.is_hub_away();
      if (away && !std::exchange(told, true))
        std::cerr << "the hub is away: this waits for it (Ctrl-C waits no longer)\n" << std::flush;
      if (interrupt_.signal() == 0) continue;
      if (interrupt_.signal() != SIGINT) return false;
      (void)interrupt_.take();
      if (asked || away) return false;
      asked = true;
      over_ = over_ || !reader_.is_typed();
      std::cerr << "\nasking engines " << engine_set(run.under_way())
                << " to stop (Ctrl-C again: waits no longer)\n"
                << std::flush;
      stop(client, run.ids_under_way());
    }
    return true;
  }

  // A process that is just being ended would take the next input along.
  void await_restart(const std::vector<int>& engines, ConsoleEngines::Lives before) {
    constexpr Duration kMost = 5s;
    const TimePoint end = steady_now() + kMost;
    const auto is_back = [&](int engine) { return engines_.lives()[engine] > before[engine]; };
    while (!std::ranges::all_of(engines, is_back) && steady_now() < end)
      if (interrupt_.wait(20ms)) return;
  }

  // What waits ends, what runs is asked to stop, and its process is replaced when it goes on.
  void stop(const std::shared_ptr<Client>& client, std::vector<std::string> ids) {
    stopping_ = std::jthread([this, client, ids = std::move(ids)] {
      try {
        (void)client->abort(Jobs(ids));
        (void)client->interrupt(Jobs(ids), {.wait = false});
      } catch (const Exception& error) {
        tell(std::string("they could not be asked to stop: ") + error.what());
      }
    });
  }

  void help(const std::string&) {
    Table table({{""}, {""}, {"", Align::left, 0}});
    for (const Command& each : commands())
      table.row(
          {"%" + std::string(each.name), std::string(each.arguments), std::string(each.help)});
    out_.table(table);
    out_.line("All else is C++, for engines to compile and run.");
  }

  void engines(const std::string& arguments) {
    if (!arguments.empty()) {
      engines_.choose(arguments);
      if (!reader_.is_typed()) return;
      return out_.line("inputs are for " + engines_.words());
    }
    const std::vector<int> present = engines_.present();
    if (present.empty()) return out_.line("no engine is here: `roundhouse engines add N`");
    const std::vector<int> targets = engines_.targets();
    out_.line("here: " + engine_set(present) + "; inputs are for: " + engine_set(targets));
  }

  void run_file(const std::string& file) {
    if (file.empty()) throw UsageError("run which file? %run FILE");
    if (!execute({text_of(file), file})) ++failed_;
  }

  void names(const std::string&) {
    const std::shared_ptr<Client> client = engines_.client();
    ApplyMessage message{.function = kNamesTask};
    message.engines = engines_.targets();
    Encoded nothing = encode_values();
    const NameLists lists(client->send_apply_message(message, {&nothing, 1}));
    if (!lists.wait(options_.ask.timeout))
      raise({Errc::timeout, "engines are busy, and do not answer"});
    std::vector<std::pair<int, std::string>> texts;
    for (std::size_t i = 0; i < message.engines.size(); ++i) {
      std::string text;
      for (const std::string& name : lists.of_engine(i)) text += (text.empty() ? "" : ", ") + name;
      texts.emplace_back(message.engines[i], text.empty() ? "nothing" : printable(text));
    }
    std::string text = labelled("", by_text(texts));
    if (text.ends_with('\n')) text.pop_back();
    out_.line(text);
  }

  void clear(const std::string&) {
    const ControlReport report = engines_.client()->clear(engines_.targets());
    for (const EngineReport& each : report.engines)
      if (!each.done)
        out_.line("engine " + std::to_string(each.engine) +
                  " is busy, and forgets its names after what it runs");
  }

  void history(const std::string& arguments) {
    std::size_t count = 20;
    if (!arguments.empty() && arguments.find_first_not_of("0123456789") == std::string::npos)
      count = std::stoul(arguments.substr(0, 9));
    const std::size_t from = inputs_.size() - std::min(inputs_.size(), count);
    for (std::size_t i = from; i < inputs_.size(); ++i) out_.line(printable_lines(inputs_[i]));
  }

  void quit(const std::string&) { over_ = true; }

  const SourceOptions& options_;
  Output& out_;
  Interrupt interrupt_;
  ConsoleReader reader_;
  std::size_t number_ = 1;  // of the next input
  std::size_t taken_ = 0;
  std::size_t failed_ = 0;
  bool over_ = false;
  std::vector<std::string> inputs_;
  ConsoleEngines engines_;
  std::jthread stopping_;
};

}  // namespace

int console(const SourceOptions& options, Output& out) {
  if (out.json())
    throw UsageError("a console has no --json: `roundhouse --json exec CODE` prints JSON");
  return Console(options, out).run();
}

}  // namespace roundhouse::cli
