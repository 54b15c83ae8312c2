// The settings that all views have, and the three ways of changing them. Programs see them through
// view.hpp.
//
//   view.set({.block = true, .label = "night"});        // from now on
//   view.with({.label = "first"}).apply_async(f, x);    // for one call
//   {
//     const auto scope = view.scoped({.block = true});  // until the end of the block
//     view.apply(f, x);
//   }
//
// Thread rule: set() and scoped() change the view: no other thread may use it meanwhile. Everything
// else is thread-safe, and a copy of a view is a view of its own.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>

#include <roundhouse/options.hpp>
#include <roundhouse/submission.hpp>

namespace roundhouse::detail {

void print(std::ostream& out, const std::string& text);

template <class View, class Options>
class Settings {
 public:
  // Settings that go back to what they were when this goes away. Outlived by its view.
  class [[nodiscard]] Scope {
   public:
    Scope(Settings& view, const Options& options) : view_(view), before_(view.submitter_) {
      view.submitter_.set(options);
    }

    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    ~Scope() { view_.submitter_ = std::move(before_); }

   private:
    Settings& view_;
    Submitter before_;
  };

  [[nodiscard]] bool block() const { return submitter_.settings().block; }

  [[nodiscard]] bool track() const { return submitter_.settings().track; }

  [[nodiscard]] const std::string& label() const { return submitter_.settings().tasks.label; }

  // The same view with other settings. Throws Exception (unknown_engine) for targets that there
  // are not, as set() and scoped() do.
  [[nodiscard]] View with(const Options& options) const {
    View out = static_cast<const View&>(*this);
    out.set(options);
    return out;
  }

  View& set(const Options& options) {
    submitter_.set(options);
    return static_cast<View&>(*this);
  }

  Scope scoped(const Options& options) { return Scope(*this, options); }

  friend std::ostream& operator<<(std::ostream& out, const View& view) {
    print(out, to_string(view));
    return out;
  }

 protected:
  explicit Settings(Submitter submitter) : submitter_(std::move(submitter)) {}

  Submitter submitter_;
};

}  // namespace roundhouse::detail
