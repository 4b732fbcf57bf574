// JSON for steps in C++: values that are read stay text, so that numbers keep every digit.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reentry.h"

namespace reentry {

/// A JSON value within a text. It shares that text, so that it may be kept over a wait.
class json {
public:
  /// Nothing.
  json() = default;
  /// A copy of what the host lends for a call.
  explicit json(reentry_json lent) : json(std::string(lent.at ? lent.at : "", lent.length)) {}
  explicit json(std::string text) : whole_(std::make_shared<std::string>(std::move(text))) {
    value_ = reentry_read(whole_->c_str());
  }
  /// What the SDK for C gives, which is freed.
  static json taken(char *text) {
    json value = text ? json(std::string(text)) : json();
    std::free(text);
    return value;
  }

  /// Whether there is a value at all.
  bool exists() const { return value_.length > 0; }
  bool is_null() const { return reentry_is_null(value_); }
  /// The JSON text of the value.
  std::string_view text() const { return {value_.at, value_.length}; }

  json operator[](const char *key) const { return {whole_, reentry_get(value_, key)}; }
  json operator[](size_t index) const { return {whole_, reentry_at(value_, index)}; }
  /// Members of an object or elements of an array.
  size_t size() const { return reentry_count(value_); }

  /// What the value says, or `otherwise` if it is nothing or of another type.
  std::string string(std::string otherwise = "") const {
    size_t length = 0;
    char *found = reentry_string(value_, &length);
    if (!found) return otherwise;
    std::string text(found, length);
    std::free(found);
    return text;
  }
  int64_t integer(int64_t otherwise = 0) const { return reentry_int(value_, otherwise); }
  double number(double otherwise = 0) const { return reentry_number(value_, otherwise); }
  bool boolean(bool otherwise = false) const { return reentry_bool(value_, otherwise); }

private:
  json(std::shared_ptr<std::string> whole, reentry_json value) : whole_(std::move(whole)), value_(value) {}

  std::shared_ptr<std::string> whole_;
  reentry_json value_{};
};

namespace detail {

/// A text that the SDK for C takes.
inline char *given(std::string_view text) { return reentry_copy({text.data(), text.size()}); }

template <class... Arguments> std::string format(const char *format, Arguments... arguments) {
  char *text = reentry_format(format, arguments...);
  std::string copy(text);
  std::free(text);
  return copy;
}

} // namespace detail

/// A value that is written as JSON.
class value {
public:
  value(std::nullptr_t) : text_("null") {}
  value(std::same_as<bool> auto truth) : text_(truth ? "true" : "false") {}
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  value(Number number) : text_(std::to_string(number)) {}
  value(std::floating_point auto number) : text_(detail::format("%g", static_cast<double>(number))) {}
  value(std::string_view string) : text_(detail::format("%S", string.data(), string.size())) {}
  value(const std::string &string) : value(std::string_view(string)) {}
  value(const char *string) : value(std::string_view(string)) {}
  /// As it was read; what does not exist is null.
  value(const json &read) : text_(read.exists() ? read.text() : "null") {}
  template <std::convertible_to<value> Element> value(const std::vector<Element> &elements) : text_("[") {
    for (const Element &element : elements) {
      if (text_.size() > 1) text_ += ", ";
      text_ += value(element).text();
    }
    text_ += "]";
  }

  /// The JSON text.
  const std::string &text() const { return text_; }

private:
  value() = default;
  friend value object(std::initializer_list<std::pair<std::string_view, value>> members);

  std::string text_;
};

/// `object({{"item", item}, {"price", 3}})`
inline value object(std::initializer_list<std::pair<std::string_view, value>> members) {
  value object;
  object.text_ = "{";
  for (const auto &[key, member] : members) {
    if (object.text_.size() > 1) object.text_ += ", ";
    object.text_ += value(key).text() + ": " + member.text();
  }
  object.text_ += "}";
  return object;
}

} // namespace reentry
