// JSON for steps in C++: values that are read stay text, so that numbers keep every digit, and a text is
// written piece by piece.
#pragma once

#include <concepts>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reentry.h"

namespace reentry {

/// A structure with `REENTRY_FIELDS`, an enumeration with `REENTRY_CHOICES`.
template <class T>
concept described = requires { reentry_fields(static_cast<const T *>(nullptr)); };
template <class T>
concept chosen = requires { reentry_choices(static_cast<const T *>(nullptr)); };

/// A JSON value within a text. It shares that text, so that it may be kept over a wait.
class json {
public:
  /// Nothing.
  json() = default;
  /// A copy of what the host lends for a call. Messages name places in this very value.
  explicit json(reentry_json lent) : json(std::string(lent.at ? lent.at : "", lent.length)) {}
  explicit json(std::string text) : whole_(std::make_shared<std::string>(std::move(text))) {
    value_ = reentry_read_part(whole_->data(), whole_->size());
  }
  /// What the SDK for C gives, which is freed.
  static json taken(char *text) {
    json value = text ? json(std::string(text)) : json();
    std::free(text);
    return value;
  }

  /// Whether there is a value at all.
  bool exists() const { return reentry_exists(value_); }
  bool is_null() const { return reentry_is_null(value_); }
  /// The JSON text of the value: of a number, every digit.
  std::string_view text() const { return {value_.at, value_.length}; }

  json operator[](const char *key) const { return {whole_, reentry_get(value_, key)}; }
  json operator[](size_t index) const { return {whole_, reentry_at(value_, index)}; }
  /// Members of an object or elements of an array.
  size_t size() const { return reentry_count(value_); }

  /// What the value says as a bool, a number, a string, a vector, or a structure with `REENTRY_FIELDS`.
  /// Nothing when it is missing or does not fit: `reentry_problem()` says where and why then, and so does
  /// `co_return ctx.refuse()`.
  template <class T>
  std::optional<T> as() const;

  /// As the SDK for C has it. Valid as long as this value or a copy of it.
  reentry_json lent() const { return value_; }

private:
  json(std::shared_ptr<std::string> whole, reentry_json value) : whole_(std::move(whole)), value_(value) {}

  std::shared_ptr<std::string> whole_;
  reentry_json value_{};
};

/// JSON that is written, or why it could not be.
class value {
public:
  value(std::nullptr_t) : text_("null") {}
  value(std::same_as<bool> auto truth) : text_(truth ? "true" : "false") {}
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  value(Number number) : text_(std::to_string(number)) {}
  value(std::floating_point auto number) : value(from_c, reentry_format("%g", static_cast<double>(number))) {}
  value(std::string_view string)
      : value(from_c, reentry_format("%S", string.data() ? string.data() : "", string.size())) {}
  value(const std::string &string) : value(std::string_view(string)) {}
  value(const char *string) : value(from_c, reentry_format("%s", string)) {}
  /// As it was read; what does not exist is null.
  value(const json &read) : text_(read.exists() ? read.text() : "null") {}
  template <class Element>
    requires std::convertible_to<const Element &, value>
  value(const std::vector<Element> &elements) : text_("[") {
    for (size_t index = 0; index < elements.size(); index++) {
      add(text_.size() > 1 ? ", " : "", std::to_string(index), elements[index]);
    }
    text_ += "]";
  }
  /// Nothing is null.
  template <class Inner>
    requires std::convertible_to<const Inner &, value>
  value(const std::optional<Inner> &maybe) : value(maybe ? value(*maybe) : value(nullptr)) {}

  template <described T>
  value(const T &from);
  template <chosen T>
  value(const T &from);

  /// The JSON text.
  const std::string &text() const { return text_; }

  /// The text as the SDK for C takes it, or NULL with the problem kept, which makes a failure of it.
  char *given() const {
    if (problem_.empty()) return reentry_copy({text_.data(), text_.size(), nullptr, nullptr, 0});
    reentry_set_problem("%s", problem_.c_str());
    return nullptr;
  }

  /// An object that members are added to.
  static value object() {
    value object(nullptr);
    object.text_ = "{}";
    return object;
  }
  void member(std::string_view key, const value &member) {
    text_.pop_back();
    add((text_.size() > 1 ? ", " : "") + value(key).text() + ": ", key, member);
    text_ += "}";
  }

private:
  enum from { from_c };
  value(from, char *text) : text_(text ? text : "null"), problem_(text ? "" : reentry_problem()) {
    std::free(text);
  }

  /// Appends a part, which lies under this key.
  void add(std::string_view before, std::string_view key, const value &part) {
    (text_ += before) += part.text_;
    if (part.problem_.empty() || !problem_.empty()) return;
    ((problem_ = "/") += key) += part.problem_[0] == '/' ? "" : ": ";
    problem_ += part.problem_;
  }

  std::string text_, problem_;
};

/// `object({{"item", item}, {"price", 3}})`
inline value object(std::initializer_list<std::pair<std::string_view, value>> members) {
  value object = value::object();
  for (const auto &[key, member] : members) object.member(key, member);
  return object;
}

} // namespace reentry
