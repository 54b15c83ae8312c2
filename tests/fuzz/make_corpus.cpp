// Writes one well-formed input of every kind, and some that are not, to `message`, `records`,
// `pack`, `arguments`, `elf` and `connection_file` below the folder that is named on the command
// line. Run by hand when the wire changes; the files are committed.

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <elf.h>
#include <link.h>

#include "shared/connection_file.hpp"
#include "tests/fuzz/argument_types.hpp"
#include "tests/shared/samples.hpp"
#include <roundhouse/named_values.hpp>

namespace samples = roundhouse::wire::samples;

namespace {

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

bool write_connection_files(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  roundhouse::ConnectionInfo info;
  info.cluster = "default";
  info.endpoints = {"ipc:///run/rh/t", "ipc:///run/rh/c", "tcp://127.0.0.1:5555"};
  info.protocol_major = 1;
  info.hub_pid = 4711;
  info.hub_host = "host";
  info.database = "/home/user/default.db";
  if (!roundhouse::write_connection_file(folder / "client", info)) return false;
  info.role = roundhouse::Role::engine;
  const std::string key(40, 'k');
  info.curve = roundhouse::CurveKeys{key, key, key};
  return roundhouse::write_connection_file(folder / "engine", info).ok();
}

// A record whose body is both in it and in a frame: refused.
std::string record_with_two_bodies() {
  roundhouse::wire::AssignRecord record = samples::assigns()[0];
  record.payload = samples::framed("inline", {"spilled"}, 1);
  return '\1' + std::string(samples::batch(std::vector{record}, 0).header.view());
}

// An array in a frame, though it is small enough for the body.
template <class T>
roundhouse::Encoded framed(const std::vector<T>& elements) {
  roundhouse::Encoded out;
  roundhouse::detail::Encoder encoder(out);
  const auto whole = roundhouse::Buffer::copy(roundhouse::detail::raw_bytes(elements));
  const std::string head = encoder.frame_head(roundhouse::detail::element_type<T>(), whole.size());
  roundhouse::detail::put_extension_head(out.body, roundhouse::detail::Extension::frame_array,
                                         head.size());
  out.body += head;
  encoder.share_frames(whole);
  return out;
}

void write_arguments(const std::filesystem::path& folder) {
  using namespace argument_types;
  namespace rh = roundhouse;
  const auto value = [&folder](const std::string& name, const auto& sample) {
    rh::Encoded out;
    rh::encode_result(out, sample);
    write(folder / name, input_of(number_of<std::decay_t<decltype(sample)>>(), out));
  };
  const Matrix matrix{{1, 2}, {1.0, 2.0}, {'m'}};
  const Shape shape{"square", {{1, 2}, {3, 4}}, Point{5, 6}, {0.5}, Point{7, 8}, matrix};
  value("bool", true);
  value("number", std::uint64_t{1} << 63U);
  value("negative", std::int8_t{-100});
  value("double", 2.5);
  value("text", std::string("text"));
  value("text_of_16_bits", std::u16string(u"text"));
  value("numbers", std::vector<double>{1, 2, 3});
  value("texts", std::vector<std::string>{"a", "", "c"});
  value("nested", std::vector<std::vector<std::int16_t>>{{1, 2}, {}, {-3}});
  value("bits", std::vector<bool>{true, false});
  value("enumerators", std::vector<Colour>{Colour::green, Colour::red});
  value("structs", std::vector<Particle>{{1.5, 2, 0}, {2.5, 3, 1}});
  value("three", std::array<int, 3>{1, 2, 3});
  value("matrix", matrix);
  value("matrices", std::vector<Matrix>{matrix, {}});
  value("shape", shape);
  value("shapes", std::vector<Shape>{shape, {}});
  value("named_fields", argument_types::Named{});
  rh::Encoded by_name;
  rh::detail::Encoder(by_name).keywords(
      "\x81\xa1"
      "b\x05");
  write(folder / "members_by_name", input_of(number_of<argument_types::Named>(), by_name));
  value("map", std::map<std::string, std::vector<double>>{{"k", {1, 2}}, {"l", {}}});
  value("optional", std::optional(std::tuple{1, std::string("x")}));
  value("variant", std::variant<int, std::string, std::vector<Point>>(std::vector<Point>{{1, 2}}));
  write(folder / "framed_numbers",
        input_of(number_of<std::vector<double>>(), framed(std::vector<double>{1, 2, 3})));
  write(folder / "framed_structs",
        input_of(number_of<std::vector<Particle>>(), framed(std::vector<Particle>{{1, 2, 3}})));
  rh::Encoded twice = framed(std::vector<std::int16_t>{1, 2, 3});
  twice.body = '\x92' + twice.body + twice.body;
  write(folder / "frame_used_twice",
        input_of(number_of<std::vector<std::vector<std::int16_t>>>(), twice));
  const std::vector<double> numbers{1, 2};
  write(folder / "arguments",
        input_of(kArgumentList, rh::encode_values(1, "a", "b", numbers, numbers, true, shape)));
  write(folder / "reference",
        input_of(kArgumentList, rh::encode_values(1, rh::ref<std::string>("name"))));
  rh::Encoded map;
  rh::encode_map_arguments<int, std::string, std::string_view, std::span<const double>,
                           std::vector<double>, bool, Shape>(
      map, std::vector{1, 2}, std::vector<std::string>{"a", "b"},
      std::vector<std::string>{"c", "d"}, std::vector{numbers, numbers},
      std::vector{numbers, numbers}, std::vector{true, false}, std::vector{shape, shape});
  write(folder / "map_arguments", input_of(kMapArguments, map));
  const std::vector<rh::NamedValue> values{{"a", rh::pack_value(1)},
                                           {"b", {"type", framed(numbers)}}};
  write(folder / "named_values", input_of(kNamedValues, rh::encode_named_values(values)));
  const std::vector<std::string> names{"a", "b"};
  write(folder / "names", input_of(kNames, rh::encode_names(names)));
}

// What is asked about tasks and engines: requests of clients, what engines and nannies are told of
// them, and what those answer.
void write_control(const std::filesystem::path& folder) {
  using namespace roundhouse::wire;
  const auto message = [&folder](const std::string& name, const auto& sample) {
    write(folder / name, std::string(encode(sample).header.view()));
  };
  const Raw engines{
      std::string("\x82\xa7"
                  "engines\x92\x00\x02\xa7"
                  "wait_ms\xcd\x13\x88",
                  23)};
  std::uint64_t id = 1;
  for (const std::string verb : {"abort", "interrupt", "signal", "restart", "clear", "shutdown"}) {
    message("request_" + verb, Request{id++, verb, engines});
    message("act_" + verb, Act{id++, verb, 10, {}, true});
  }
  message("acted_in_part", Acted{id++, false, 1, "", ""});
  message("reply_in_parts", Reply{id++, "", "", engines, true});
  message("stop_by_itself", Stop{{{7, {roundhouse::SessionId{5}, 9}, {2, 1}}}, false});
}

// The least that passes for a shared library of this machine, and how it can be wrong.
void write_libraries(const std::filesystem::path& folder) {
  std::string self;
  std::ifstream program("/proc/self/exe", std::ios::binary);
  self.resize(sizeof(ElfW(Ehdr)));
  program.read(self.data(), static_cast<std::streamsize>(self.size()));
  ElfW(Ehdr) header{};
  std::memcpy(&header, self.data(), sizeof header);
  header.e_type = ET_DYN;
  header.e_phoff = sizeof header, header.e_phnum = 2, header.e_phentsize = sizeof(ElfW(Phdr));
  header.e_shoff = 0, header.e_shnum = 0;
  ElfW(Phdr) segments[2]{};
  segments[0].p_type = PT_LOAD, segments[1].p_type = PT_DYNAMIC;
  segments[0].p_filesz = segments[1].p_filesz = sizeof header + sizeof segments;
  const auto bytes = [&] {
    std::string out(sizeof header + sizeof segments, '\0');
    std::memcpy(out.data(), &header, sizeof header);
    std::memcpy(out.data() + sizeof header, segments, sizeof segments);
    return out;
  };
  const std::string whole = bytes();
  write(folder / "whole", whole);
  write(folder / "truncated", whole.substr(0, whole.size() - 1));
  segments[1].p_offset = ~std::uint64_t{0} - 5;
  write(folder / "segment_at_the_end_of_numbers", bytes());
  header.e_phoff = ~std::uint64_t{0} - 5;
  write(folder / "headers_at_the_end_of_numbers", bytes());
  header.e_machine = EM_S390;
  write(folder / "other_machine", bytes());
  write(folder / "script", "#!/bin/sh\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: rh_make_corpus tests/fuzz/corpus\n", stderr);
    return 2;
  }
  const std::filesystem::path corpus = argv[1];
  for (const auto& [name, message] : samples::all()) {
    const std::string bytes{message.header.view()};
    const auto kind = roundhouse::wire::kind_of(message).value();
    using Kind = roundhouse::wire::Kind;
    const bool is_batch = kind == Kind::submit || kind == Kind::assign || kind == Kind::outcome ||
                          kind == Kind::holding;
    if (!is_batch) {
      write(corpus / "message" / name, bytes);
      continue;
    }
    const char frames = static_cast<char>(message.frames.size());
    write(corpus / "records" / name, frames + bytes);
    write(corpus / "records" / (name + "_truncated"), frames + bytes.substr(0, bytes.size() - 3));
  }
  write(corpus / "message" / "map_of_4_billion", {'R', 'H', 1, 5, '\xdf', -1, -1, -1, -1});
  write(corpus / "message" / "other_major", {'R', 'H', 9, 5, '\x80'});
  write(corpus / "pack" / "error", roundhouse::wire::encode_error({"name", "value", "traceback"}));
  write(corpus / "pack" / "deep", std::string(200, '\x91') + '\x01');
  write(corpus / "pack" / "array_of_4_billion", {'\xdd', -1, -1, -1, -1, 1});
  write(corpus / "pack" / "ext", {'\xd4', 1, 2, '\xc7', 3, 1, 2, 3, 4, '\xc0', '\xd0', -5});
  write(corpus / "records" / "spill_with_inline_body", record_with_two_bodies());
  write_control(corpus / "message");
  write_arguments(corpus / "arguments");
  write_libraries(corpus / "elf");
  return write_connection_files(corpus / "connection_file") ? 0 : 1;
}
