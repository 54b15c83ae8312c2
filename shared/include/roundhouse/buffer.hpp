#pragma once

// Buffer: immutable bytes with counted owners; Slice: a part of one.
//
// What is received from a socket, an array that a user handed over and the bytes of a batch are
// all Buffers, so that a payload crosses hub, engine and client without being copied.
// Thread rule: the count is atomic, the bytes never change; any thread may hold and drop handles.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace roundhouse {

class Buffer {
 public:
  // What owns the bytes. Whoever makes a new kind of storage derives from it; the last handle
  // deletes it, on whatever thread that happens.
  class Block {
   public:
    Block(const char* bytes, std::size_t size) : bytes_(bytes), size_(size) {}

    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    virtual ~Block() = default;

   protected:
    const char* bytes_;  // NOLINT(*-non-private-member-variables-in-classes): derived kinds set it
    std::size_t size_;   // NOLINT(*-non-private-member-variables-in-classes)

   private:
    friend class Buffer;
    std::atomic<std::uint32_t> owners_{1};
  };

  Buffer() = default;

  // Takes the one reference that a new Block is born with.
  static Buffer adopt(Block* block) {
    Buffer out;
    out.block_ = block;
    return out;
  }

  // Owns `bytes` from now on; no copy.
  static Buffer take(std::string bytes) { return adopt(new StringBlock(std::move(bytes))); }

  // A copy of its own, in one allocation beside the count.
  static Buffer copy(std::string_view bytes) { return adopt(InlineBlock::make(bytes)); }

  // Bytes that somebody else keeps alive for as long as `keeper` lives.
  static Buffer share(std::shared_ptr<const void> keeper, std::string_view bytes) {
    return adopt(new SharedBlock(std::move(keeper), bytes));
  }

  Buffer(const Buffer& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->owners_.fetch_add(1, std::memory_order_relaxed);
  }

  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }

  ~Buffer() {
    if (block_ != nullptr && block_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete block_;
  }

  [[nodiscard]] std::string_view view() const {
    return block_ == nullptr ? std::string_view{} : std::string_view{block_->bytes_, block_->size_};
  }

  [[nodiscard]] const char* data() const { return view().data(); }

  [[nodiscard]] std::size_t size() const { return block_ == nullptr ? 0 : block_->size_; }

  [[nodiscard]] bool empty() const { return size() == 0; }

  explicit operator bool() const { return block_ != nullptr; }

  // How many handles there are; for tests and for deciding whether a buffer may be reused.
  [[nodiscard]] std::uint32_t owners() const {
    return block_ == nullptr ? 0 : block_->owners_.load(std::memory_order_acquire);
  }

  friend bool operator==(const Buffer& a, const Buffer& b) { return a.view() == b.view(); }

 private:
  struct StringBlock final : Block {
    explicit StringBlock(std::string text) : Block(nullptr, 0), text_(std::move(text)) {
      bytes_ = text_.data();
      size_ = text_.size();
    }

    std::string text_;
  };

  struct SharedBlock final : Block {
    SharedBlock(std::shared_ptr<const void> keeper, std::string_view bytes)
        : Block(bytes.data(), bytes.size()), keeper_(std::move(keeper)) {}

    std::shared_ptr<const void> keeper_;
  };

  struct InlineBlock final : Block {
    static Block* make(std::string_view bytes) {
      void* memory = ::operator new(sizeof(InlineBlock) + bytes.size());
      return ::new (memory) InlineBlock(bytes);
    }

    explicit InlineBlock(std::string_view bytes)
        : Block(reinterpret_cast<const char*>(this + 1), bytes.size()) {
      if (!bytes.empty())
        std::memcpy(reinterpret_cast<char*>(this + 1), bytes.data(), bytes.size());
    }

    static void operator delete(void* memory) { ::operator delete(memory); }
  };

  Block* block_ = nullptr;
};

// A part of a Buffer, holding the whole of it.
struct Slice {
  Buffer buffer;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;

  Slice() = default;

  explicit Slice(Buffer whole)
      : buffer(std::move(whole)), size(static_cast<std::uint32_t>(buffer.size())) {}

  // `part` must lie inside `whole`.
  Slice(Buffer whole, std::string_view part)
      : buffer(std::move(whole)),
        offset(part.empty() ? 0U : static_cast<std::uint32_t>(part.data() - buffer.data())),
        size(static_cast<std::uint32_t>(part.size())) {}

  [[nodiscard]] std::string_view view() const { return buffer.view().substr(offset, size); }

  friend bool operator==(const Slice& a, const Slice& b) { return a.view() == b.view(); }
};

}  // namespace roundhouse
