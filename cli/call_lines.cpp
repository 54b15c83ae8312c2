#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/items.hpp"
#include <roundhouse/command_result.hpp>

namespace roundhouse::cli {

namespace {

constexpr const char* kWords =
    "An argument is JSON: 5, 0.5, true, '\"text\"', '[1, 2]', '{\"a\": 1}'; what is no JSON is a "
    "text.\n"
    "NAME=VALUE gives a member of the struct that is the function's last parameter, by its name\n"
    "(the struct says MSGPACK_DEFINE_MAP); @NAME is a named value of the engine. Quote what is "
    "meant\n"
    "as a text and looks like one of these: '\"5\"', '\"a=b\"'. Behind -- nothing is an option.\n"
    "Results are JSON, where nan and infinities are null. What the function prints is shown on "
    "standard\n"
    "error as it comes.\n";

constexpr const char* kSubmit =
    "The program and its arguments stand behind --. It runs in this folder. With --array or\n"
    "--each-line each {} in them is the number or line, which is added as the last argument where\n"
    "there is no {} (as GNU parallel does it), and is the variable ROUNDHOUSE_ITEM. The output of\n"
    "one is printed as it comes, of each of several when it has ended, not mixed with that of\n"
    "others. Of more than 1 MiB (128 KiB when it failed) beginning and end are kept.\n"
    "A command that does not end with exit status 0 counts as failed: see --retries, --after.\n"
    "Each of many that fails is named on standard error.\n"
    "Exit code of one command: its own, 128 + N when signal N ended it. Of many: 1 if any failed.\n"
    "Ctrl-C submits no more; what is under way goes on.\n"
    "Examples:\n"
    "  roundhouse submit -- uname -a\n"
    "  roundhouse submit --array 1-1000 --retries 2 -- ./simulate --seed {} --out run-{}.txt\n"
    "  ls *.wav | roundhouse submit --each-line - --time-limit 10min -- flac -8";

CLI::Validator is_array() {
  return {[](const std::string& text) {
            return Numbers::parse(text) ? std::string()
                                        : "wants numbers: 1-1000, 0-100:10, 3,5,8-10";
          },
          ""};
}

CLI::Validator is_variable() {
  return {[](const std::string& text) {
            const bool named = text.find('=') != std::string::npos && text.front() != '=';
            return named ? std::string() : "wants NAME=VALUE";
          },
          ""};
}

// Takes away what unsplit() has put before a list.
CLI::Validator as_written() {
  return {[](std::string& word) {
            if (word.starts_with(" [")) word.erase(0, 1);
            return std::string();
          },
          ""};
}

// What the scheduler heeds, where no engine is said.
void add_rules(CLI::App* command, CallOptions& call) {
  command->add_option("--priority", call.priority, "Higher goes first, where no engine is said (0)")
      ->type_name("N");
  command
      ->add_option("--after", call.after,
                   "Only when these tasks have ended well: their ids, with commas between")
      ->type_name("IDS");
  command->add_option("--follow", call.follow, "The same, and on the engine where all of them ran")
      ->type_name("IDS");
  add_time(command, "--dependency-timeout", call.dependency_timeout,
           "How long --after and --follow may take (as long as it takes)");
  add_time(command, "--time-limit", call.time_limit,
           "How long a run may take; it is then stopped (as long as it takes)");
}

// Where, how often and when, and how it is called.
void add_place(CLI::App* command, CallOptions& call) {
  command
      ->add_option("-e,--engine", call.engines,
                   "On these: 3, 0,2-5, last, all; else wherever there is room")
      ->type_name("ENGINES")
      ->check(names_engines());
  command->add_option("-l,--label", call.label, "A label, to find the tasks by")
      ->type_name("LABEL")
      ->transform(as_written());
  command
      ->add_option("--retries", call.retries,
                   "How often to try again after an error, where no engine is said (0)")
      ->check(plain(CLI::Range(0, 65'535)))
      ->type_name("N");
  add_rules(command, call);
}

void add_call(CLI::App* command, CallOptions& call, const char* words, const char* type) {
  command->add_option("function", call.function, "Its name, as in RH_TASK")
      ->required()
      ->type_name("FUNCTION");
  command->add_option("words", call.words, words)->type_name(type)->transform(as_written());
  add_place(command, call);
  add_time(command, "--wait", call.limit,
           "How long to wait for a result; the tasks go on (as long as it takes)");
}

void add_names(CLI::App* command, NamesOptions& options, const char* help, const char* type) {
  command->add_option("words", options.words, help)->required()->type_name(type);
  command->add_option("-e,--engine", options.engines, "3, 0,2-5, last, all (all)")
      ->type_name("ENGINES")
      ->check(names_engines());
}

void add_submit(CLI::App& app, Line& line) {
  const auto options = std::make_shared<SubmitOptions>();
  options->function = kCommandTask;
  CLI::App* command =
      add_question(app, "submit", "Run a program on an engine, once or many times", options->ask);
  CLI::Option* array = command
                           ->add_option("--array", options->array,
                                        "Once for each number: 1-1000, 0-100:10, 3,5,8-10")
                           ->type_name("NUMBERS")
                           ->check(is_array());
  command
      ->add_option("--each-line", options->each_line,
                   "Once for each line of it; - is standard input")
      ->type_name("FILE")
      ->excludes(array);
  command->add_option("--cwd", options->cwd, "The folder to run in (this one)")
      ->type_name("FOLDER");
  command->add_option("--env", options->env, "A variable of its environment; repeat")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE")
      ->check(is_variable());
  command->add_option("--input", options->input, "Its standard input; - is that of this command")
      ->type_name("FILE");
  add_place(command, *options);
  command->add_flag("--keep-order", options->keep_order,
                    "Print in the order of the items, not as they end");
  command->add_flag("--no-wait", options->leave, "Print the ids of the tasks and do not wait");
  command->footer(kSubmit);
  command->callback([&line, options] {
    line.run = [&line, options](Output& out) {
      options->ask.cluster = line.cluster;
      options->words = line.program;
      line.exit = submit(*options, out);
    };
  });
}

}  // namespace

std::vector<std::string> unsplit(std::vector<std::string> words) {
  const auto command = std::ranges::find_if(words, [](const std::string& word) {
    return word == "apply" || word == "map" || word == "exec";
  });
  for (auto word = command; word != words.end(); ++word)
    if (word->starts_with('[')) word->insert(0, " ");
  return words;
}

void add_call_commands(CLI::App& app, Line& line) {
  const auto call = std::make_shared<CallOptions>();
  CLI::App* apply = add_question(app, "apply", "Call a function and print its result", call->ask);
  add_call(apply, *call, "Its arguments, in order", "ARG|NAME=VALUE");
  apply->add_flag("--no-wait", call->leave, "Print the ids of the tasks instead of the results");
  apply->footer(std::string(kWords) +
                "Examples:\n"
                "  roundhouse apply survey_file /etc/passwd\n"
                "  roundhouse apply --engine all train rate=0.5 steps=100\n"
                "  roundhouse result $(roundhouse apply --no-wait add 1 2) --wait\n"
                "  roundhouse apply --after $(roundhouse apply --no-wait make_map) publish");
  runs(apply, line, call, &cli::apply);

  const auto each = std::make_shared<MapOptions>();
  CLI::App* map =
      add_question(app, "map", "Call a function for each element of sequences", each->ask);
  add_call(map, *each, "For each parameter a JSON list, or - for the lines of standard input",
           "SEQUENCE");
  map->add_option("--chunk", each->chunk, "Elements for one task (1)")
      ->check(plain(CLI::Range(1, 1'000'000)))
      ->type_name("N");
  map->add_flag("--unordered", each->unordered, "Print results as they come");
  map->footer(
      "Prints one line of JSON for each element, in their order; the shortest sequence decides "
      "how\n"
      "many. A line of standard input is JSON, or else a text. Errors, and what the tasks print, "
      "go to\n"
      "standard error; after an error the others go on, and the exit code is 1.\n"
      "Examples:\n"
      "  roundhouse map add '[1, 2, 3]' '[10, 20, 30]'\n"
      "  ls *.txt | roundhouse map survey_file - --unordered\n"
      "  seq 1000000 | roundhouse map is_prime - --chunk 1000");
  runs(map, line, each, &cli::map);

  add_submit(app, line);

  const auto given = std::make_shared<NamesOptions>();
  CLI::App* push = add_question(app, "push", "Give engines named values", given->ask);
  add_names(push, *given, "Names and values", "NAME[:TYPE]=VALUE");
  push->footer(
      "A VALUE is JSON, or else a text. Its type on the engine is that which it has in C++: int, "
      "long\n"
      "for what is larger, double, bool, std::string, std::vector of them, and std::map of them "
      "by\n"
      "texts; or the one that is said: bool, int, unsigned, long, unsigned long, float, double, "
      "string,\n"
      "vector<...> and map<...> of one of them, or of a vector.\n"
      "Examples:\n"
      "  roundhouse push steps=100 'samples=[0.5, 1, 2]' name=night\n"
      "  roundhouse push -e 0 'rate:double=1' 'empty:vector<double>=[]'");
  runs(push, line, given, &cli::push);

  const auto names = std::make_shared<NamesOptions>();
  CLI::App* pull = add_question(app, "pull", "Print named values of engines", names->ask);
  add_names(pull, *names, "Their names", "NAME");
  pull->footer(
      "Values of any type are printed as JSON; structs that travel as raw bytes as base64.\n"
      "Examples:\n"
      "  roundhouse pull samples\n"
      "  roundhouse --json pull -e 0,2-5 samples steps | jq .");
  runs(pull, line, names, &cli::pull);
}

}  // namespace roundhouse::cli
