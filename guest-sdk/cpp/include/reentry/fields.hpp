// Structures that are read from JSON, written as JSON, and described by a JSON Schema: each is described
// once.
//
//   struct line { std::string article; uint32_t count; };
//   REENTRY_FIELDS(line, article, count)
//
//   enum class speed { slow, fast };
//   REENTRY_CHOICES(speed, slow, fast)
//
//   struct order { std::vector<line> lines; std::optional<std::string> comment; speed how; };
//   REENTRY_FIELDS(order, lines, comment, how)
//
// Fields may be bool, whole numbers, double, std::string, such enumerations and structures, std::optional and
// std::vector of all these, and reentry::json for anything. A std::optional may be missing or null; a member
// that no field has is passed over.
//
// A description, further rules of the schema and a default are said with the longer form, which the macro
// stands for:
//
//   constexpr auto reentry_fields(const line *) {
//     return std::tuple{reentry::field("article", &line::article, {.description = "What is bought"}),
//                       reentry::field("count", &line::count, {.rules = REENTRY_JSON({"minimum": 1}),
//                       .default_json = "1"})};
//   }
#pragma once

#include <array>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>

#include "reentry/json.hpp"

/// Names all fields of a structure; leaving one out is an error of the compiler.
#define REENTRY_FIELDS(type, ...)                                                                            \
  constexpr auto reentry_fields(const type *) {                                                              \
    return std::tuple{REENTRY_I_COMMAS(REENTRY_I_EACH(REENTRY_I_FIELD, type, __VA_ARGS__))};                 \
  }                                                                                                          \
  static_assert(reentry::detail::is_whole<type>((decltype(reentry_fields((const type *)nullptr)) *)nullptr), \
                "REENTRY_FIELDS(" #type ", ...) must name all fields of the structure");
#define REENTRY_I_FIELD(type, name) , reentry::field(#name, &type::name)
#define REENTRY_I_COMMAS(...) REENTRY_I_COMMAS_NOW(__VA_ARGS__)
#define REENTRY_I_COMMAS_NOW(nothing, ...) __VA_ARGS__

/// Names all values of an enumeration, which are strings in JSON.
#define REENTRY_CHOICES(type, ...)                                                            \
  constexpr auto reentry_choices(const type *) {                                              \
    using choice = std::pair<const char *, type>;                                             \
    return std::array{REENTRY_I_COMMAS(REENTRY_I_EACH(REENTRY_I_CHOICE, type, __VA_ARGS__))}; \
  }
#define REENTRY_I_CHOICE(type, name) , choice(#name, type::name)

namespace reentry {

/// What else may be said of a field.
struct about {
  const char *description = nullptr;
  const char *rules = nullptr;        ///< Further keywords of its schema: `REENTRY_JSON({"maxLength": 80})`.
  const char *default_json = nullptr; ///< The value when there is none.
};

template <class Of, class Member>
struct field {
  constexpr field(const char *name, Member Of::*member, about more = {})
      : name(name), member(member), more(more) {}
  const char *name;
  Member Of::*member;
  about more;
};

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool never = false;

/// Stands for a value of any type.
struct anything {
  template <class T>
  operator T() const;
};
/// Whether an aggregate takes one value more than those of the fields that are named: one was left out.
template <class T, class... Member>
consteval bool is_whole(std::tuple<field<T, Member>...> *) {
  if constexpr (std::is_aggregate_v<T>) {
    return !requires { T{std::declval<Member>()..., anything{}}; } &&
           !requires { T{std::declval<Member>()..., std::nullopt}; };
  }
  return true;
}

template <class T>
constexpr auto fields_of() {
  return reentry_fields(static_cast<const T *>(nullptr));
}
template <class T>
constexpr auto choices_of() {
  return reentry_choices(static_cast<const T *>(nullptr));
}

// ---- reading ----

template <class T>
bool read(reentry_json from, T &to);

template <std::integral T>
bool read_whole(reentry_json from, T &to) {
  constexpr uint64_t most = std::numeric_limits<T>::max();
  bool negative = false;
  uint64_t sum = 0;
  if (!reentry_read_whole(from, std::is_signed_v<T> ? most + 1 : 0, most, &negative, &sum)) return false;
  to = static_cast<T>(negative ? 0 - sum : sum);
  return true;
}

template <described T>
bool read_fields(reentry_json from, T &to) {
  if (!reentry_exists(from) || from.at[0] != '{') return reentry_unexpected(from, "an object");
  const auto one = [&](const auto &field) {
    reentry_json found = reentry_get(from, field.name);
    if (!reentry_exists(found) && field.more.default_json) found = reentry_read(field.more.default_json);
    return read(found, to.*field.member);
  };
  return std::apply([&](const auto &...field) { return (one(field) && ...); }, fields_of<T>());
}

template <chosen T>
bool read_choice(reentry_json from, T &to) {
  std::string expected;
  for (const auto &[name, choice] : choices_of<T>()) {
    if (reentry_is(from, name)) {
      to = choice;
      return true;
    }
    expected += (expected.empty() ? "\"" : " or \"") + std::string(name) + "\"";
  }
  return reentry_unexpected(from, expected.c_str());
}

template <class T>
bool read_elements(reentry_json from, std::vector<T> &to) {
  if (!reentry_exists(from) || from.at[0] != '[') return reentry_unexpected(from, "an array");
  to.clear();
  to.reserve(reentry_count(from));
  for (reentry_walk walk = reentry_walk_through(from, false); reentry_walk_on(&walk);) {
    T element{};
    if (!read(walk.value, element)) return false;
    to.push_back(std::move(element));
  }
  return true;
}

inline bool read_text(reentry_json from, std::string &to) {
  size_t length = 0;
  char *text = nullptr;
  if (!reentry_read_string(from, &text, &length)) return false;
  to.assign(text, length);
  std::free(text);
  return true;
}

template <class T>
bool read(reentry_json from, T &to) {
  if constexpr (std::same_as<T, bool>) {
    return reentry_read_bool(from, &to);
  } else if constexpr (std::integral<T>) {
    return read_whole(from, to);
  } else if constexpr (std::same_as<T, double>) {
    return reentry_read_double(from, &to);
  } else if constexpr (std::same_as<T, std::string>) {
    return read_text(from, to);
  } else if constexpr (std::same_as<T, json>) {
    if (!reentry_exists(from)) return reentry_unexpected(from, "a value");
    to = json(from);
    return true;
  } else if constexpr (is_optional<T>) {
    if (!reentry_exists(from) || reentry_is_null(from)) return true;
    return read(from, to.emplace());
  } else if constexpr (is_vector<T>) {
    return read_elements(from, to);
  } else if constexpr (described<T>) {
    return read_fields(from, to);
  } else if constexpr (chosen<T>) {
    return read_choice(from, to);
  } else {
    static_assert(never<T>,
                  "this type cannot be read from JSON: name its fields with REENTRY_FIELDS(type, ...)");
  }
}

// ---- describing ----

template <class T>
value schema_of(const about &more = {});

/// The name of a type of JSON, and null besides if the field may be null.
inline value type_name(const char *name, bool null) {
  return null ? value(std::vector<std::string>{name, "null"}) : value(name);
}

template <std::integral T>
value whole_schema(const about &more, bool null) {
  const json rules(std::string(more.rules ? more.rules : "{}"));
  value schema = object({{"type", type_name("integer", null)}});
  if (!rules["minimum"].exists()) schema.member("minimum", std::numeric_limits<T>::min());
  if (!rules["maximum"].exists()) schema.member("maximum", std::numeric_limits<T>::max());
  return schema;
}

template <described T>
value fields_schema() {
  value properties = value::object();
  std::vector<std::string> required;
  const auto one = [&]<class Of, class Member>(const field<Of, Member> &field) {
    properties.member(field.name, schema_of<Member>(field.more));
    if (!is_optional<Member> && !field.more.default_json) required.push_back(field.name);
  };
  std::apply([&](const auto &...field) { (one(field), ...); }, fields_of<T>());
  value schema = object({{"type", "object"}, {"properties", properties}});
  if (!required.empty()) schema.member("required", required);
  return schema;
}

template <class T>
value base_schema(const about &more, bool null = false) {
  if constexpr (is_optional<T>) {
    return base_schema<typename T::value_type>(more, true);
  } else if constexpr (std::same_as<T, bool>) {
    return object({{"type", type_name("boolean", null)}});
  } else if constexpr (std::integral<T>) {
    return whole_schema<T>(more, null);
  } else if constexpr (std::same_as<T, double>) {
    return object({{"type", type_name("number", null)}});
  } else if constexpr (std::same_as<T, std::string>) {
    return object({{"type", type_name("string", null)}});
  } else if constexpr (std::same_as<T, json> || std::same_as<T, value>) {
    return value::object();
  } else if constexpr (is_vector<T>) {
    return object({{"type", type_name("array", null)}, {"items", schema_of<typename T::value_type>()}});
  } else if constexpr (described<T>) {
    if (!null) return fields_schema<T>();
    return object({{"anyOf", std::vector<value>{fields_schema<T>(), object({{"type", "null"}})}}});
  } else if constexpr (chosen<T>) {
    std::vector<value> names;
    for (const auto &[name, choice] : choices_of<T>()) names.push_back(name);
    if (null) names.push_back(nullptr);
    return object({{"enum", names}});
  } else {
    static_assert(never<T>, "this type has no JSON Schema: name its fields with REENTRY_FIELDS(type, ...)");
  }
}

/// Adds to a schema what is said of a field.
template <class T>
value schema_of(const about &more) {
  value schema = base_schema<T>(more);
  if (more.description) schema.member("description", more.description);
  if (more.default_json) schema.member("default", json(std::string(more.default_json)));
  const json rules(std::string(more.rules ? more.rules : "{}"));
  for (reentry_walk walk = reentry_walk_through(rules.lent(), true); reentry_walk_on(&walk);) {
    std::string key;
    if (read_text(walk.key, key)) schema.member(key, json(walk.value));
  }
  return schema;
}

} // namespace detail

template <class T>
std::optional<T> json::as() const {
  T read{};
  if (!detail::read(value_, read)) return std::nullopt;
  return read;
}

/// The JSON Schema of a type, for `reentry_step` and `options`. The text is freed by who asked.
template <class T>
char *schema() {
  return detail::schema_of<T>({}).given();
}

/// A structure with `REENTRY_FIELDS` as JSON. An optional field that is empty is left out.
template <described T>
value::value(const T &from) : value(object()) {
  const auto one = [&]<class Member>(const field<T, Member> &field) {
    if constexpr (detail::is_optional<Member>) {
      if (!(from.*field.member)) return;
    }
    member(field.name, from.*field.member);
  };
  std::apply([&](const auto &...field) { (one(field), ...); }, detail::fields_of<T>());
}

template <chosen T>
value::value(const T &from) : value("") {
  for (const auto &[name, choice] : detail::choices_of<T>()) {
    if (choice == from) *this = value(name);
  }
}

} // namespace reentry
