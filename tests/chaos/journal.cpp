#include "tests/chaos/journal.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <roundhouse/error.hpp>

namespace roundhouse::chaos {
namespace {

template <class T>
void read_all(const std::string& path, std::vector<T>& into) {
  std::ifstream file(path, std::ios::binary);
  T one;
  while (file.read(reinterpret_cast<char*>(&one), sizeof one)) into.push_back(one);
}

}  // namespace

const char* to_string(Ending ending) {
  switch (ending) {
    case Ending::ok: return "ok";
    case Ending::engine_lost: return "engine lost";
    case Ending::payload_lost: return "argument lost";
    case Ending::error: return "error";
    case Ending::unknown: return "unknown";
    case Ending::not_recorded: return "not recorded";
  }
  return "";
}

Journal::Journal(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {
  if (!file_) throw Exception(Errc::io_failed, "cannot open " + path);
}

void Journal::append(std::span<const Note> notes) const {
  const auto bytes = static_cast<ssize_t>(notes.size_bytes());
  if (::write(file_.get(), notes.data(), notes.size_bytes()) != bytes)
    throw Exception(Errc::io_failed, "cannot write a journal");
}

std::string journal_path(const std::string& folder, std::uint64_t client,
                         std::uint64_t generation) {
  return folder + "/client-" + std::to_string(client) + "-" + std::to_string(generation);
}

std::vector<Note> read_notes(const std::string& path) {
  std::vector<Note> notes;
  read_all(path, notes);
  return notes;
}

std::vector<Start> read_starts(const std::string& folder) {
  std::vector<Start> starts;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("starts-"))
      read_all(entry.path().string(), starts);
  return starts;
}

Board& map_board(const std::string& folder) {
  const std::string path = folder + "/board";
  const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  void* page = MAP_FAILED;
  if (file && ::ftruncate(file.get(), sizeof(Board)) == 0)
    page = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (page == MAP_FAILED) throw Exception(Errc::io_failed, "cannot map " + path);
  // Zeroes at first, which is what an atomic zero is.
  return *static_cast<Board*>(page);
}

}  // namespace roundhouse::chaos
