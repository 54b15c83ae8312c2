// Writes one well-formed input of every kind to `message`, `records`, `pack` and `connection_file`
// below the folder that is named on the command line. Run by hand when the wire changes; the files
// are committed.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "shared/connection_file.hpp"
#include "tests/shared/samples.hpp"

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
  return write_connection_files(corpus / "connection_file") ? 0 : 1;
}
