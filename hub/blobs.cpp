#include "hub/blobs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shared/fd.hpp"
#include "shared/message.hpp"
#include "shared/pack.hpp"
#include <roundhouse/error.hpp>

namespace roundhouse::hub {
namespace {

constexpr std::size_t kKeyDigits = 16;
constexpr std::uint64_t kHeadBytesMax = 4U << 20U;

const char* advice(int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return full ? " (make room on the disk, or raise the limit of its files' size)" : "";
}

[[noreturn]] void fail(const std::string& what, const std::string& path, int error) {
  throw Exception(Errc::store_failed, "cannot " + what + " '" + path +
                                          "', a large result's file: " + std::strerror(error) +
                                          advice(error));
}

class File {
 public:
  File(const std::string& path, int flags) : path_(path), fd_(::open(path.c_str(), flags, 0600)) {
    if (!fd_) fail("open", path_, errno);
  }

  void write(std::string_view bytes) const {
    if (!write_all(fd_.get(), bytes)) fail("write", path_, errno);
  }

  [[nodiscard]] std::string read(std::size_t size) const {
    auto out = read_up_to(fd_.get(), size);
    if (!out) fail("read", path_, errno);
    if (out->size() < size) fail("read all of", path_, ENODATA);
    return *std::move(out);
  }

  void skip(std::uint64_t bytes) const {
    if (::lseek(fd_.get(), static_cast<off_t>(bytes), SEEK_CUR) < 0) fail("read", path_, errno);
  }

  void sync() const {
    if (::fsync(fd_.get()) != 0) fail("write", path_, errno);
  }

 private:
  std::string path_;
  Fd fd_;
};

// The head of a file: its own length in 8 digits of hexadecimal, then msgpack: body, spill, sizes.
std::string make_head(std::string_view body, std::uint32_t spill, const Frames& frames) {
  std::string head;
  wire::Packer p(head);
  p.array(3);
  p.bin(body), p.u64(spill), p.array(frames.size());
  for (const Buffer& frame : frames) p.u64(frame.size());
  std::array<char, 9> digits{};
  std::snprintf(digits.data(), digits.size(), "%08zx", head.size());
  return std::string(digits.data(), 8) + head;
}

struct Head {
  std::string body;
  std::uint32_t spill = 0;
  std::vector<std::uint64_t> sizes;  // of the frames, which follow
};

Head read_head(const File& in, const std::string& path) {
  const std::string digits = in.read(8);
  std::uint64_t size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (size == 0 || size > kHeadBytesMax) fail("understand", path, EINVAL);
  const std::string head = in.read(size);
  wire::Unpacker u(head);
  Head out;
  u.array();
  out.body = std::string(u.bin());
  out.spill = u.u32();
  const std::size_t count = u.array();
  for (std::size_t i = 0; i < count && u.ok(); ++i) {
    out.sizes.push_back(u.u64());
    if (out.sizes.back() > wire::kFrameBytesMax) fail("understand", path, EINVAL);
  }
  if (!u.done()) fail("understand", path, EINVAL);
  return out;
}

std::optional<std::pair<BlobKind, std::int64_t>> parse_name(const std::string& name) {
  if (name.size() != kKeyDigits + 1 || (name[0] != 'r' && name[0] != 's')) return std::nullopt;
  std::uint64_t key = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + 1, end, key, 16);
  if (read.ptr != end) return std::nullopt;
  return std::pair{static_cast<BlobKind>(name[0]), static_cast<std::int64_t>(key)};
}

}  // namespace

std::string BlobFolder::file(BlobKind kind, std::int64_t key) const {
  std::array<char, kKeyDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(key));
  return path_ + '/' + static_cast<char>(kind) + digits.data();
}

std::uint64_t BlobFolder::write(BlobKind kind, std::int64_t key, std::string_view body,
                                std::uint32_t spill, const Frames& frames) {
  if (!std::exchange(made_, true) && ::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    made_ = false;
    fail("create", path_, errno);
  }
  const std::string head = make_head(body, spill, frames);
  const std::string path = file(kind, key);
  std::uint64_t total = head.size();
  const File out(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  out.write(head);
  for (const Buffer& frame : frames) {
    out.write(frame.view());
    total += frame.size();
  }
  if (!sync_) return total;
  out.sync();
  File(path_, O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync();
  return total;
}

BlobFolder::Blob BlobFolder::read(BlobKind kind, std::int64_t key) const {
  const std::string path = file(kind, key);
  const File in(path, O_RDONLY | O_CLOEXEC);
  Head head = read_head(in, path);
  Blob out;
  out.body = std::move(head.body);
  out.spill = head.spill;
  for (const std::uint64_t bytes : head.sizes) out.frames.push_back(Buffer::take(in.read(bytes)));
  return out;
}

PayloadPart BlobFolder::read_part(BlobKind kind, std::int64_t key, std::uint64_t offset) const {
  const std::string path = file(kind, key);
  const File in(path, O_RDONLY | O_CLOEXEC);
  Head head = read_head(in, path);
  PayloadPart out = begin_part(std::move(head.body), head.spill, offset);
  std::uint64_t total = out.ahead.size();
  for (const std::uint64_t size : head.sizes) {
    if (offset == 0) out.frames.push_back(size);
    total += size;
  }
  out.take_ahead();
  const std::uint64_t from = offset + out.bytes.size();
  if (from >= total || out.bytes.size() >= kPayloadPartBytes) return out;
  in.skip(from - out.ahead.size());
  const std::uint64_t room = kPayloadPartBytes - out.bytes.size();
  out.bytes += in.read(static_cast<std::size_t>(std::min(room, total - from)));
  return out;
}

void BlobFolder::remove(BlobKind kind, std::int64_t key) noexcept {
  ::unlink(file(kind, key).c_str());
}

void BlobFolder::sweep(const std::function<bool(BlobKind, std::int64_t)>& known) noexcept {
  std::error_code error;
  std::vector<std::pair<BlobKind, std::int64_t>> unknown;
  for (std::filesystem::directory_iterator it(path_, error), end; !error && it != end;
       it.increment(error))
    if (const auto name = parse_name(it->path().filename().string()))
      if (!known(name->first, name->second)) unknown.push_back(*name);
  for (const auto& [kind, key] : unknown) remove(kind, key);
}

}  // namespace roundhouse::hub
