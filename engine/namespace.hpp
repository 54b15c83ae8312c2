#pragma once

// SHELL. Namespace: the named data that lives in an engine between its tasks.
//
// A value comes in packed and stays so until a task asks for it as a C++ type; from then on it is
// an object of that type, in the memory of the module that asked, which modules alone know how to
// unpack, pack and destroy. An object that was handed out for changing is packed anew whenever
// somebody pulls it; one that was only read keeps its packed form.
// Thread rule: any thread. The objects themselves are not locked: a pull while another slot's task
// changes the same object reads what that task has half done, as any other reader would.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/named_objects.hpp"
#include <roundhouse/module_abi.hpp>

namespace roundhouse::engine {

// Why a name was not found, with those that there are.
[[nodiscard]] std::string no_such_name(std::string_view name,
                                       const std::vector<std::string>& names);

class Namespace final : public NamedObjects {
 public:
  Namespace() = default;
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace() = default;

  // See EngineApi for all of these. `error` says, for people, what is wrong when not found.
  [[nodiscard]] Lookup get(std::string_view name, const ObjectType& type, bool writes, Pin& pin,
                           std::string& error) override;
  [[nodiscard]] Lookup pull(std::string_view name, PackedValue& out, std::string& error) const;
  void set(std::string_view name, const ObjectType& type, void* object);
  void push(std::string_view name, PackedValue value);
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;

  // That of its object, or, as long as it is packed, type_name<T>().
  [[nodiscard]] std::optional<std::string> type_of(std::string_view name) const override;

  void erase(std::string_view name) override;

  // Forgets all names. Objects that running tasks hold live on until these end.
  void clear();

 private:
  struct Entry;
  using Entries = std::map<std::string, std::shared_ptr<Entry>, std::less<>>;

  [[nodiscard]] std::shared_ptr<Entry> find(std::string_view name, std::string& error) const;
  void put(std::string_view name, std::shared_ptr<Entry> entry);

  mutable std::mutex mutex_;
  Entries entries_;  // shared with the tasks that got hold of an object, see Pin
};

}  // namespace roundhouse::engine
