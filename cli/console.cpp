// `roundhouse console`: inputs are read, run on engines, and shown, one after the other.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
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
#include "cli/console_words.hpp"
#include "cli/engine_names.hpp"
#include "cli/input_run.hpp"
#include "cli/interrupt.hpp"
#include "cli/open_input.hpp"
#include "shared/clock.hpp"
#include "shared/paths.hpp"
#include <roundhouse/version.hpp>

namespace roundhouse::cli {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kValueBytesMax = 4000;  // of one value, at a terminal
constexpr Duration kCompletionMax = 200ms;    // longer than that nobody waits for a key

// Where to keep what is typed; empty: nowhere.
std::string history_file(const ConsoleOptions& options) {
  if (options.no_history) return {};
  if (const char* file = std::getenv("ROUNDHOUSE_CONSOLE_HISTORY")) return file;
  const auto folder = make_state_dir();
  return folder ? *folder + "/console_history" : std::string();
}

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from));
}

class Console {
 public:
  Console(const ConsoleOptions& options, Output& out)
      : options_(options),
        out_(out),
        reader_(interrupt_, {.complete = [this](std::string_view before) { return offer(before); },
                             .history = history_file(options)}),
        engines_(options.ask, options.engines, [this](const std::string& line) { tell(line); }) {}

  int run() {
    if (reader_.is_typed()) greet();
    while (!over_) {
      const std::optional<std::string> input = reader_.next([this] { return prompt(); });
      if (!input) break;
      if (!take(*input)) ++failed_;
      if (reader_.is_typed() && interrupt_.signal() == SIGINT) (void)interrupt_.take();
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

  // For a key: within a moment, and whatever goes wrong.
  Offer offer(std::string_view before) {
    ConsoleWords words;
    for (const Command& each : commands())
      words.commands.push_back(std::string(each.name) + (each.arguments.empty() ? "" : " "));
    try {
      words.engines = engines_.present();
      if (!trimmed(before).starts_with('%'))
        words.names = names_.get(engines_.last_client(), engines_.targets(), kCompletionMax);
    } catch (const Exception&) {  // there are words that need no engine
    }
    return offer_words(before, words);
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
      if (text == "exit" || text == "quit") return quit(text), true;
      if (text.starts_with("else") && (text.size() == 4 || !is_word_character(text[4])))
        throw UsageError("the input with the if has run already: write `} else {` on one line");
      const std::string name = "input " + std::to_string(number_++);
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
    InputRun run(*client, engines_.targets(), input,
                 {.label = options_.label,
                  .time_limit = options_.time_limit,
                  .value_bytes_max = reader_.is_typed() ? kValueBytesMax : kAll});
    const bool over = await(client, run);
    run.show(out_, true);
    names_.outdate();
    if (over) return run.errors().empty();
    const std::vector<int> left = run.under_way();
    out_.line(engines_named(left) + (left.size() == 1 ? " goes" : " go") +
              " on with it: `roundhouse result " + run.ids_under_way().front() +
              "` tells what becomes of it");
    return false;
  }

  // Until all engines are through; false when whoever types waits no longer.
  bool await(const std::shared_ptr<Client>& client, InputRun& run) {
    constexpr Duration kAloneMax = 1s;
    bool asked = false;
    bool told = false;
    const TimePoint began = steady_now();
    while (!run.wait(50ms)) {
      const bool away = steady_now() - began > kAloneMax && engines_.is_hub_away();
      if (away && !std::exchange(told, true))
        std::cerr << "the hub is away: this waits for it (Ctrl-C waits no longer)\n" << std::flush;
      if (interrupt_.signal() == 0) continue;
      if (interrupt_.signal() != SIGINT) return false;
      (void)interrupt_.take();
      if (asked || away) return false;
      asked = true;
      over_ = over_ || !reader_.is_typed();
      std::cerr << "\nasking " << engines_named(run.under_way())
                << " to stop (Ctrl-C again: waits no longer)\n"
                << std::flush;
      stop(client, run.ids_under_way());
    }
    return true;
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
    if (!execute({text_of(file), file, true})) ++failed_;
  }

  void names(const std::string&) {
    const std::shared_ptr<Client> client = engines_.client();
    const std::vector<int> engines = engines_.targets();
    std::vector<AsyncResult<std::vector<DeclaredName>>> asked;
    for (const int engine : engines) asked.push_back(ask_for_names(client, engine));
    const TimePoint end = steady_now() + options_.ask.timeout;
    const auto is_ready = [](const auto& each) { return each.ready(); };
    while (!std::ranges::all_of(asked, is_ready) && steady_now() < end && !interrupt_.wait(1ms)) {
    }
    std::map<std::pair<std::string, std::string>, std::vector<int>> names;
    for (std::size_t i = 0; i < engines.size(); ++i) {
      if (!asked[i].ready())
        raise({Errc::timeout, "engine " + std::to_string(engines[i]) + " is busy"});
      for (const DeclaredName& each : asked[i].get())
        names[{each.name, each.what}].push_back(engines[i]);
    }
    if (names.empty()) return out_.line("nothing is named there yet");
    Table table({{"NAME"}, {"IS", Align::left, 60}, {"ENGINES"}});
    for (const auto& [name, where] : names) table.row({name.first, name.second, engine_set(where)});
    out_.table(table);
  }

  void clear(const std::string&) {
    const ControlReport report = engines_.client()->clear(engines_.targets());
    for (const EngineReport& each : report.engines)
      if (!each.done)
        out_.line("engine " + std::to_string(each.engine) +
                  " is busy, and forgets its names after what it runs");
    names_.outdate();
  }

  void history(const std::string& arguments) {
    std::size_t count = 20;
    if (!arguments.empty() && arguments.find_first_not_of("0123456789") == std::string::npos)
      count = std::stoul(arguments.substr(0, 9));
    const std::vector<std::string>& inputs = reader_.inputs();
    for (std::size_t i = inputs.size() - std::min(inputs.size(), count); i < inputs.size(); ++i)
      out_.line(printable_lines(inputs[i]));
  }

  void quit(const std::string&) { over_ = true; }

  const ConsoleOptions& options_;
  Output& out_;
  Interrupt interrupt_;
  ConsoleReader reader_;
  std::size_t number_ = 1;  // of the next input
  std::size_t taken_ = 0;
  std::size_t failed_ = 0;
  bool over_ = false;
  ConsoleEngines engines_;
  EngineNames names_;
  std::jthread stopping_;
};

}  // namespace

int console(const ConsoleOptions& options, Output& out) {
  if (out.json())
    throw UsageError("a console has no --json: `roundhouse --json exec CODE` prints JSON");
  return Console(options, out).run();
}

}  // namespace roundhouse::cli
