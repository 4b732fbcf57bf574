//! The functions of expressions, by name.

/// A function that an expression can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Type,
    Dyn,
    ToInt,
    ToUint,
    ToDouble,
    ToText,
    ToBool,
    ToBytes,
    ToTimestamp,
    ToDuration,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    LowerAscii,
    UpperAscii,
    Trim,
    Split,
    Join,
    Replace,
    Substring,
    Part(Part),
}

/// A part of a timestamp or a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    FullYear,
    Month,
    DayOfMonth,
    /// The day of the month, counted from 1.
    Date,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// How a function is called: its name, whether after a value and a dot, and with how many arguments.
struct Form {
    name: &'static str,
    of_value: bool,
    least: usize,
    most: usize,
    function: Function,
}

const fn plain(name: &'static str, function: Function) -> Form {
    Form { name, of_value: false, least: 1, most: 1, function }
}

const fn of_value(name: &'static str, least: usize, most: usize, function: Function) -> Form {
    Form { name, of_value: true, least, most, function }
}

const fn part(name: &'static str, part: Part) -> Form {
    of_value(name, 0, 1, Function::Part(part))
}

const FORMS: [Form; 34] = [
    plain("bool", Function::ToBool),
    plain("bytes", Function::ToBytes),
    plain("double", Function::ToDouble),
    plain("duration", Function::ToDuration),
    plain("dyn", Function::Dyn),
    plain("int", Function::ToInt),
    Form { name: "matches", of_value: false, least: 2, most: 2, function: Function::Matches },
    plain("size", Function::Size),
    plain("string", Function::ToText),
    plain("timestamp", Function::ToTimestamp),
    plain("type", Function::Type),
    plain("uint", Function::ToUint),
    of_value("contains", 1, 1, Function::Contains),
    of_value("endsWith", 1, 1, Function::EndsWith),
    part("getDate", Part::Date),
    part("getDayOfMonth", Part::DayOfMonth),
    part("getDayOfWeek", Part::DayOfWeek),
    part("getDayOfYear", Part::DayOfYear),
    part("getFullYear", Part::FullYear),
    part("getHours", Part::Hours),
    part("getMilliseconds", Part::Milliseconds),
    part("getMinutes", Part::Minutes),
    part("getMonth", Part::Month),
    part("getSeconds", Part::Seconds),
    of_value("join", 0, 1, Function::Join),
    of_value("lowerAscii", 0, 0, Function::LowerAscii),
    of_value("matches", 1, 1, Function::Matches),
    of_value("replace", 2, 3, Function::Replace),
    of_value("size", 0, 0, Function::Size),
    of_value("split", 1, 2, Function::Split),
    of_value("startsWith", 1, 1, Function::StartsWith),
    of_value("substring", 1, 2, Function::Substring),
    of_value("trim", 0, 0, Function::Trim),
    of_value("upperAscii", 0, 0, Function::UpperAscii),
];

/// The types that can be written as a name, to be compared with `type(x)`.
pub(super) const TYPES: [&str; 12] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// The function for a call. Without one, what to say about it.
pub(super) fn find(name: &str, of_value: bool, arguments: usize) -> Result<Function, String> {
    let Some(form) = FORMS.iter().find(|form| form.name == name && form.of_value == of_value) else {
        return Err(unknown(name, of_value));
    };
    if (form.least..=form.most).contains(&arguments) {
        return Ok(form.function);
    }
    let expected = match (form.least, form.most) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    Err(format!("`{name}` takes {expected} arguments, found {arguments}"))
}

fn unknown(name: &str, of_value: bool) -> String {
    if FORMS.iter().any(|form| form.name == name) || super::syntax::Macro::named(name).is_some() {
        let right = if of_value { format!("{name}(value)") } else { format!("value.{name}(…)") };
        return format!("`{name}` is called as `{right}`");
    }
    let macros = if of_value { "all, exists, exists_one, filter, map, " } else { "has, " };
    let known: Vec<&str> =
        FORMS.iter().filter(|form| form.of_value == of_value).map(|form| form.name).collect();
    let of = if of_value { "a value has" } else { "there are" };
    format!("there is no function `{name}`; {of}: {macros}{}", known.join(", "))
}

/// The names of all functions.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|form| form.name)
}
