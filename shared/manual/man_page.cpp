#include "shared/manual/man_page.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace roundhouse::manual {

namespace {

struct Footer {
  std::string about;
  std::string exit_codes;
  std::string examples;
};

Footer footer_of(const CLI::App& app) {
  Footer footer;
  std::istringstream lines(app.get_footer());
  std::string* part = &footer.about;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) part = &footer.about;
    if (line.starts_with("Exit codes: ")) {
      part = &footer.exit_codes;
      line = line.substr(12);
    } else if (line.starts_with("Example")) {
      part = &footer.examples;
      line = line.substr(std::min(line.find(':') + 1, line.size()));
      if (line.empty()) continue;
    }
    if (part == &footer.examples) line.erase(0, line.find_first_not_of(' '));
    *part += line + '\n';
  }
  footer.about.erase(0, footer.about.find_first_not_of('\n'));
  while (footer.about.ends_with("\n\n")) footer.about.pop_back();
  return footer;
}

std::string words_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : words_of(*app.get_parent()) + " " + app.get_name();
}

std::string page_name(const CLI::App& app) {
  std::string name = words_of(app);
  std::ranges::replace(name, ' ', '-');
  return name;
}

const CLI::App& root_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app : root_of(*app.get_parent());
}

std::string reference(const std::string& name, int section) {
  return ".BR " + escaped(name) + " (" + std::to_string(section) + ")";
}

// As it is, line by line.
std::string verbatim(const std::string& text) {
  return ".nf\n" + escaped(text) + (text.ends_with('\n') ? "" : "\n") + ".fi\n";
}

std::string option_page(const CLI::Option& option) {
  std::string head;
  if (option.get_positional()) head = "\\fI" + escaped(option.get_name(true)) + "\\fR";
  for (const auto& [names, dashes] :
       {std::pair{&option.get_snames(), "-"}, std::pair{&option.get_lnames(), "--"}})
    for (const std::string& name : *names)
      head += (head.empty() ? "" : ", ") + ("\\fB" + escaped(dashes + name)) + "\\fR";
  // Flags take nothing; CLI11 says BOOLEAN or nothing of them.
  if (option.get_expected_max() > 0 && !option.get_type_name().empty())
    head += " \\fI" + escaped(option.get_type_name()) + "\\fR";
  const std::string& text = option.get_description();
  return ".TP\n" + head + '\n' + escaped(text.empty() ? "(see above)" : text) + '\n';
}

std::string options_page(const CLI::App& app) {
  std::string text = ".SH OPTIONS\n";
  for (const CLI::Option* option : options_of(app)) text += option_page(*option);
  const CLI::App& root = root_of(app);
  if (&root == &app) return text;
  text += ".PP\nAs for all commands:\n";
  for (const CLI::Option* option : options_of(root))
    if (!option->check_lname("help") && !option->check_lname("version"))
      text += option_page(*option);
  return text;
}

std::string synopsis(const CLI::App& app) {
  std::string text = ".SH SYNOPSIS\n\\fB" + escaped(words_of(app)) + "\\fR [\\fIOPTIONS\\fR]";
  for (const CLI::Option* option : options_of(app)) {
    if (!option->get_positional()) continue;
    const std::string name = "\\fI" + escaped(option->get_name(true)) + "\\fR" +
                             (option->get_expected_max() > 1 ? "..." : "");
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  if (!commands_of(app).empty()) text += " [\\fICOMMAND\\fR]";
  return text + '\n';
}

std::string terms_page(const std::string& title, const Terms& terms) {
  std::string text = ".SH " + title + '\n';
  for (const auto& [term, meaning] : terms)
    text += ".TP\n\\fB" + escaped(term) + "\\fR\n" + escaped(meaning) + '\n';
  return text;
}

std::string see_also(const CLI::App& app, const Notes& notes) {
  std::vector<std::string> lines;
  if (app.get_parent() != nullptr)
    lines.push_back(reference(page_name(*app.get_parent()), notes.section));
  for (const CLI::App* command : commands_of(app))
    lines.push_back(reference(page_name(*command), notes.section));
  for (const std::string& other : notes.see_also) {
    const std::size_t open = other.find('(');
    lines.push_back(reference(other.substr(0, open), other.at(open + 1) - '0'));
  }
  std::string text = ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += lines[i] + (i + 1 < lines.size() ? " ,\n" : "\n");
  return text;
}

std::string page_text(const CLI::App& app, const Notes& notes) {
  const Footer footer = footer_of(app);
  std::string exits = footer.exit_codes;
  if (exits.empty()) exits = footer_of(root_of(app)).exit_codes;
  std::string text = ".TH \"" + escaped(page_name(app)) + "\" " + std::to_string(notes.section) +
                     " \"\" \"Roundhouse " + escaped(notes.version) + "\" \"Roundhouse manual\"\n";
  text += ".SH NAME\n" + escaped(page_name(app)) + " \\- " + escaped(app.get_description()) + '\n';
  text += synopsis(app);
  text += ".SH DESCRIPTION\n" + escaped(app.get_description()) + ".\n";
  if (!footer.about.empty()) text += ".PP\n" + verbatim(footer.about);
  if (!commands_of(app).empty()) text += ".SH COMMANDS\n";
  for (const CLI::App* command : commands_of(app))
    text += ".TP\n\\fB" + escaped(command->get_name()) + "\\fR\n" +
            escaped(command->get_description()) + '\n';
  text += options_page(app);
  text += ".SH EXIT STATUS\n" + escaped(exits);
  text += terms_page("ENVIRONMENT", notes.environment) + terms_page("FILES", notes.files);
  if (!footer.examples.empty()) text += ".SH EXAMPLES\n" + verbatim(footer.examples);
  return text + see_also(app, notes);
}

void add_pages(const CLI::App& app, const Notes& notes, std::vector<Page>& pages) {
  pages.push_back({page_name(app) + "." + std::to_string(notes.section), page_text(app, notes)});
  for (const CLI::App* command : commands_of(app)) add_pages(*command, notes, pages);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    begins = c == '\n';
  }
  return out;
}

std::vector<Page> make_pages(const CLI::App& app, const Notes& notes) {
  std::vector<Page> pages;
  add_pages(app, notes, pages);
  return pages;
}

void write_pages(const CLI::App& app, const Notes& notes, const std::string& folder) {
  for (const Page& page : make_pages(app, notes)) {
    const std::string path = folder + '/' + page.file;
    std::ofstream out(path);
    out << page.text << std::flush;
    if (!out) throw std::runtime_error("cannot write " + path);
  }
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* each) { return !each->get_group().empty(); });
}

}  // namespace roundhouse::manual
