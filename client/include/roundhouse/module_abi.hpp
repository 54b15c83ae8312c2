// The boundary between an engine and a module, the shared library of tasks that it loads.
//
// A module exports one C function, roundhouse_module(), which roundhouse_add_module() generates.
// Module and engine exchange C++ values (strings, vectors, Buffers): they must agree on what
// kModuleAbi says, which is checked before anything else is touched. Programs never need this
// header.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <version>

#include <roundhouse/buffer.hpp>
#include <roundhouse/encoded.hpp>
#include <roundhouse/map_call.hpp>

namespace roundhouse {

// Raised whenever anything in this header, or in Buffer, changes.
inline constexpr std::uint32_t kModuleAbiVersion = 3;

#define RH_ABI_TEXT(x) RH_ABI_TEXT2(x)
#define RH_ABI_TEXT2(x) #x
#if defined(_LIBCPP_VERSION)
#define RH_ABI_LIBRARY "libc++ " RH_ABI_TEXT(_LIBCPP_ABI_VERSION)
#elif defined(_GLIBCXX_DEBUG)
#define RH_ABI_LIBRARY "libstdc++ debug, cxx11 " RH_ABI_TEXT(_GLIBCXX_USE_CXX11_ABI)
#else
#define RH_ABI_LIBRARY "libstdc++, cxx11 " RH_ABI_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif
// What the C++ compiler and library of a module must have in common with those of the engine.
inline constexpr const char* kModuleAbi =
    RH_ABI_LIBRARY ", " RH_ABI_TEXT(__SIZEOF_POINTER__) "-byte pointers";
#undef RH_ABI_LIBRARY
#undef RH_ABI_TEXT2
#undef RH_ABI_TEXT

// How a module packs and unpacks one C++ type. Lives as long as the module, that is, for ever.
struct ObjectType {
  std::string_view exact;   // typeid(T).name()
  std::string_view packed;  // type_name<T>(): what PackedValue::type must say
  std::size_t size = 0;
  // A new T, or null and the reason.
  void* (*decode)(const Encoded& packed, std::string& error) noexcept = nullptr;
  // False and the reason when it cannot be packed.
  bool (*encode)(const void* object, Encoded& packed, std::string& error) noexcept = nullptr;
  void (*destroy)(void* object) noexcept = nullptr;
};

// A typed object of the namespace, kept alive by `owner` even if its name is given to another.
struct Pin {
  void* object = nullptr;
  std::shared_ptr<void> owner;  // the namespace's entry: shared by the namespace and its users
};

enum class Lookup : std::uint8_t { found, no_such_name, wrong_type };

// What the engine does for its tasks. Every function may be called from any thread.
class EngineApi {
 public:
  [[nodiscard]] virtual std::uint32_t engine_id() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t slots() const noexcept = 0;
  // How far the calling task is, 0 to 1, and what it is doing.
  virtual void report_progress(double fraction, std::string_view text) noexcept = 0;

  // The object under `name` as a T, decoded on first use. With `writes` it may be changed until
  // the pin is dropped, and is packed anew when somebody pulls it.
  [[nodiscard]] virtual Lookup get(std::string_view name, const ObjectType& type, bool writes,
                                   Pin& pin, std::string& error) noexcept = 0;
  // Takes `object`, made by the module that `type` belongs to.
  virtual void set(std::string_view name, const ObjectType& type, void* object) noexcept = 0;
  [[nodiscard]] virtual Lookup pull(std::string_view name, PackedValue& out,
                                    std::string& error) noexcept = 0;
  virtual void push(std::string_view name, PackedValue value) noexcept = 0;
  [[nodiscard]] virtual bool has(std::string_view name) const noexcept = 0;
  // Sorted.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  virtual void clear() noexcept = 0;
  // How a client reaches the hub of this engine: the path of its connection file.
  [[nodiscard]] virtual std::string client_file() const = 0;

 protected:
  EngineApi() = default;
  EngineApi(const EngineApi&) = default;
  EngineApi& operator=(const EngineApi&) = default;
  ~EngineApi() = default;
};

// One call of a task. What it points to must outlive the call, not the reply.
struct Invocation {
  std::string_view body;           // encode_arguments()
  std::span<const Buffer> frames;  // those that belong to the arguments, in order
  EngineApi* engine = nullptr;     // null outside an engine: no namespace then
  // Set by the engine when the task should end early; may be null.
  const std::atomic<bool>* stop = nullptr;
};

// Why a task failed, for the client that waits.
struct TaskError {
  std::string name;       // type of what was thrown: "std::runtime_error"
  std::string value;      // its what()
  std::string traceback;  // the task, where it was registered, nested exceptions

  friend bool operator==(const TaskError&, const TaskError&) = default;
};

// What a call ended with: `result` when ok, else `error`. Can be used again for the next call;
// keeps its capacity.
struct Reply {
  bool ok = true;
  Encoded result;
  TaskError error;

  void clear() {
    ok = true;
    result.clear();
    error.name.clear();
    error.value.clear();
    error.traceback.clear();
  }
};

// Runs the task and fills `reply`, which is cleared first. Whatever the task throws becomes an
// error reply. Any thread; several at a time.
using InvokeFunction = void (*)(const Invocation& call, Reply& reply) noexcept;

// One registered function; lives as long as its program or module.
struct TaskInfo {
  std::string_view name;       // as written in RH_TASK
  std::string_view signature;  // mangled; readable_signature() explains it. Empty for built-ins
  InvokeFunction invoke = nullptr;
  // The same function over lists: each argument is a list of as many elements, the result a list
  // (nothing for functions without a result). Null for built-ins.
  InvokeFunction invoke_map = nullptr;
  // A list that the function joins, two elements at a time, from the first on; the result is what
  // remains. Null for functions that are not T(T, T).
  InvokeFunction invoke_reduce = nullptr;
  void (*address)() = nullptr;  // the function itself, as some pointer
  const char* exact = "";       // its type, as typeid names it
  const char* file = "";
  int line = 0;
  const TaskInfo* next = nullptr;

  // Null when it cannot be called like that.
  [[nodiscard]] InvokeFunction invoke_as(CallKind kind) const {
    if (kind == CallKind::map) return invoke_map;
    return kind == CallKind::reduce ? invoke_reduce : invoke;
  }
};

struct ModuleInfo {
  // These two first, for ever, so that any engine can read them from any module.
  std::uint32_t abi_version = kModuleAbiVersion;
  const char* abi = kModuleAbi;
  const char* name = "";     // as given to roundhouse_add_module
  const char* version = "";  // of the Roundhouse headers it was built with
  // The first of its tasks, linked by `next`; null when it has none.
  const TaskInfo* (*tasks)() noexcept = nullptr;
  // The engine introduces itself, and takes its leave with null. For this_engine on threads that
  // are not running a task; a task's own calls use its Invocation.
  void (*attach)(EngineApi* engine) noexcept = nullptr;
};

// Name and type of the function that a module exports.
inline constexpr const char* kModuleEntry = "roundhouse_module";
using ModuleEntry = const ModuleInfo* (*)();

}  // namespace roundhouse
