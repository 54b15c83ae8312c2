#include "engine/namespace.hpp"

#include <utility>

#include <roundhouse/type_name.hpp>

namespace roundhouse::engine {

struct Namespace::Entry {
  Entry() = default;
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  ~Entry() {
    if (object != nullptr) held->destroy(object);
  }

  std::mutex mutex;
  PackedValue packed;  // valid while `is_packed`
  bool is_packed = false;
  void* object = nullptr;            // once some task asked for it
  const ObjectType* held = nullptr;  // what `object` is
};

namespace {

std::string type_mismatch(std::string_view name, std::string_view is, std::string_view asked) {
  return quoted(name) + " is a " + readable_type(is) + " on this engine, and was asked for as a " +
         readable_type(asked);
}

}  // namespace

Lookup Namespace::get(std::string_view name, const ObjectType& type, bool writes, Pin& pin,
                      std::string& error) {
  std::shared_ptr<Entry> entry = find(name, error);
  if (entry == nullptr) return Lookup::no_such_name;
  const std::lock_guard lock(entry->mutex);
  if (entry->object == nullptr) {
    if (entry->packed.type != type.packed) {
      error = type_mismatch(name, entry->packed.type, type.exact);
      return Lookup::wrong_type;
    }
    entry->object = type.decode(entry->packed.value, error);
    if (entry->object == nullptr) {
      error = quoted(name) + " cannot be unpacked: " + error;
      return Lookup::wrong_type;
    }
    entry->held = &type;
  } else if (entry->held->exact != type.exact) {
    error = type_mismatch(name, entry->held->exact, type.exact);
    return Lookup::wrong_type;
  } else if (entry->held->size != type.size) {
    error = quoted(name) + " was made by a module whose " + readable_type(type.exact) +
            " is another one; build all modules from the same headers";
    return Lookup::wrong_type;
  }
  if (writes && entry->is_packed) {
    entry->packed = {};
    entry->is_packed = false;
  }
  pin.object = entry->object;
  pin.owner = std::move(entry);
  return Lookup::found;
}

Lookup Namespace::pull(std::string_view name, PackedValue& out, std::string& error) const {
  const std::shared_ptr<Entry> entry = find(name, error);
  if (entry == nullptr) return Lookup::no_such_name;
  const std::lock_guard lock(entry->mutex);
  if (entry->is_packed) {
    out = entry->packed;
    return Lookup::found;
  }
  out = {};
  out.type = entry->held->packed;
  if (entry->held->encode(entry->object, out.value, error)) return Lookup::found;
  error = quoted(name) + " cannot be packed: " + error;
  return Lookup::wrong_type;
}

void Namespace::set(std::string_view name, const ObjectType& type, void* object) {
  auto entry = std::make_shared<Entry>();
  entry->object = object;
  entry->held = &type;
  put(name, std::move(entry));
}

void Namespace::push(std::string_view name, PackedValue value) {
  auto entry = std::make_shared<Entry>();
  entry->packed = std::move(value);
  entry->is_packed = true;
  put(name, std::move(entry));
}

bool Namespace::has(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(name);
}

std::vector<std::string> Namespace::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) out.push_back(name);
  return out;
}

std::optional<std::string> Namespace::type_of(std::string_view name) const {
  std::string ignored;
  const std::shared_ptr<Entry> entry = find(name, ignored);
  if (entry == nullptr) return std::nullopt;
  const std::lock_guard lock(entry->mutex);
  return entry->object != nullptr ? std::string(entry->held->exact) : entry->packed.type;
}

void Namespace::erase(std::string_view name) {
  std::shared_ptr<Entry> old;  // destroyed after the lock is gone
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  old = std::move(found->second);
  entries_.erase(found);
}

void Namespace::clear() {
  Entries old;  // destroyed after the lock is gone: destructors of users' types may take long
  const std::lock_guard lock(mutex_);
  old.swap(entries_);
}

std::string no_such_name(std::string_view name, const std::vector<std::string>& names) {
  constexpr std::size_t kShownMax = 8;
  std::string out = "nothing is named " + quoted(name) + " on this engine";
  if (names.empty()) out += ", whose namespace is empty";
  for (std::size_t i = 0; i < names.size() && i <= kShownMax; ++i)
    out += i == kShownMax ? ", ..." : (i == 0 ? "; it has " : ", ") + names[i];
  return out;
}

std::shared_ptr<Namespace::Entry> Namespace::find(std::string_view name, std::string& error) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(name); found != entries_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, entry] : entries_) names.push_back(known);
  error = no_such_name(name, names);
  return nullptr;
}

void Namespace::put(std::string_view name, std::shared_ptr<Entry> entry) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    entries_.emplace(name, std::move(entry));
  } else {
    found->second.swap(entry);  // the old one dies with the argument, after the lock
  }
}

}  // namespace roundhouse::engine
