//! Random documents, and random expressions that mostly make sense over them.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A document in which the fields that the expressions name are mostly there.
pub(super) fn document() -> impl Strategy<Value = Value> {
    // Small enough that doubles hold them: we compare numbers of two types exactly, the other implementation rounds.
    let int = -3i64..8;
    let double = prop_oneof![(-8i32..9).prop_map(|n| f64::from(n) / 4.0), Just(1e300)];
    let text = "[abé ,]{0,4}";
    (
        int.clone(),
        prop::option::of(double),
        text,
        prop::collection::vec(-2i64..5, 0..4),
        any::<bool>(),
        text,
        0u64..6,
    )
        .prop_map(|(int, double, text, list, bool, other, unsigned)| {
            let mut document = json!({
                "i": int, "t": text, "l": list, "b": bool, "n": null, "u": unsigned,
                "ts": [other, text], "m": {"a": int, "b": other, "c d": [1, 2.5, "x", null]},
                "os": [{"k": int, "v": other}, {"k": 1}, {"k": 2.0, "v": text}],
            });
            if let (Some(double), Value::Object(fields)) = (double, &mut document) {
                fields.insert("d".to_owned(), json!(double));
            }
            document
        })
}

/// What a source is made of: one number for each choice.
pub(super) fn choices() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 1..120)
}

/// Types of which sub-expressions are asked for.
#[derive(Clone, Copy)]
enum Kind {
    Int,
    Uint,
    Double,
    Bool,
    Text,
    List,
    /// A list, or an error: never a map. The other implementation walks over maps in any order.
    SurelyList,
    Map,
}

const KINDS: [Kind; 7] = [Kind::Int, Kind::Uint, Kind::Double, Kind::Bool, Kind::Text, Kind::List, Kind::Map];

/// Makes a source out of choices. In the patterns, a letter in braces stands for a sub-expression of a type.
///
/// What is added to something is never a map: the other implementation adds the keys of a map to a list.
pub(super) struct Source {
    choices: std::vec::IntoIter<u16>,
    words: Vec<String>,
    /// Variables of macros that are known.
    locals: usize,
}

impl Source {
    pub(super) fn new(choices: Vec<u16>) -> Self {
        Self { choices: choices.into_iter(), words: Vec::new(), locals: 0 }
    }

    pub(super) fn expression(self) -> String {
        self.words().join(" ")
    }

    pub(super) fn words(mut self) -> Vec<String> {
        let kind = self.pick(&KINDS);
        self.write(kind, 0);
        self.words
    }

    fn choose(&mut self, among: usize) -> usize {
        usize::from(self.choices.next().unwrap_or_default()) % among
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        let at = self.choose(among.len());
        among.get(at).copied().unwrap()
    }

    /// Writes a sub-expression of a type, or seldom of another.
    fn write(&mut self, kind: Kind, depth: usize) {
        let may_err = self.choose(12) == 11 && !matches!(kind, Kind::SurelyList);
        let kind = if may_err { self.pick(&KINDS) } else { kind };
        let leaf = depth > 5 || self.choose(4) == 0;
        let patterns: &[&str] = match (kind, leaf) {
            (Kind::Int, true) => &[
                "1",
                "0",
                "-2",
                "input . i",
                "input . m . a",
                "7",
                "8",
                "x",
                "input [ 'i' ]",
                "input . os [ 0 ] . k",
            ],
            (Kind::Uint, true) => &["1u", "0u", "input . u", "9u", "x"],
            (Kind::Double, true) => &["1.5", "input . d", "-0.25", "1e300", "2.0", "x", "0.0"],
            (Kind::Bool, true) => {
                &["true", "false", "input . b", "has ( input . d )", "has ( input . m . z )", "x"]
            }
            (Kind::Text, true) => {
                &["'a'", "input . t", "'é,b'", "''", "input . ts [ 1 ]", "input . m . b", "x"]
            }
            (Kind::List, true) => &[
                "input . l",
                "[ ]",
                "input . ts",
                "input . os",
                "[ 1 , 2u , 3.5 ]",
                "input . m [ 'c d' ]",
                "x",
            ],
            (Kind::Map, true) => &[
                "input . m",
                "{ }",
                "input . os [ 1 ]",
                "{ 'a' : 1 , 'b' : null }",
                "x",
                "{ 1 : 'a' , true : 2.5 }",
            ],
            (Kind::SurelyList, true) => {
                &["input . l", "input . ts", "input . os", "[ 1 , 2u , 3.5 ]", "[ 'a' , null ]"]
            }
            (Kind::SurelyList, false) => &[
                "[ {a} , {a} ]",
                "( ( {L} ) + ( {L} ) )",
                "{L} . map ( V , {a} )",
                "{L} . filter ( V , {b} )",
                "( {t} ) . split ( {t} )",
                "[ {a} ]",
            ],
            (Kind::Int, false) => &[
                "{i} + int ( {i} )",
                "{i} - {i}",
                "{i} * {i}",
                "{i} / {i}",
                "{i} % {i}",
                "- ( {i} )",
                "( {i} )",
                "size ( {t} )",
                "size ( {l} )",
                "{l} . size ( )",
                "size ( {m} )",
                "int ( {d} )",
                "int ( {u} )",
                "int ( {t} )",
                "{b} ? {i} : {i}",
                "{l} [ {i} ]",
                "int ( string ( {i} ) )",
                "size ( bytes ( {t} ) )",
                "size ( {m} . map ( V , {a} ) )",
            ],
            (Kind::Uint, false) => &[
                "{u} + uint ( {u} )",
                "{u} - {u}",
                "{u} * {u}",
                "{u} / {u}",
                "{u} % {u}",
                "uint ( {i} )",
                "uint ( {d} )",
                "uint ( {t} )",
                "{b} ? {u} : {u}",
            ],
            (Kind::Double, false) => &[
                "{d} + double ( {d} )",
                "{d} - {d}",
                "{d} * {d}",
                "{d} / {d}",
                "- ( {d} )",
                "double ( {i} )",
                "double ( {u} )",
                "double ( {t} )",
                "{b} ? {d} : {d}",
            ],
            (Kind::Bool, false) => &[
                "{i} == {i}",
                "{a} == {a}",
                "{a} != {a}",
                "{i} < {d}",
                "{u} >= {i}",
                "{d} <= {u}",
                "{t} < {t}",
                "{t} == {t}",
                "{b} > {b}",
                "{i} in {l}",
                "{t} in {m}",
                "{a} in {l}",
                "! ( {b} )",
                "{b} && {b}",
                "{b} || {b}",
                "( {b} && {b} ) || {b}",
                "{b} ? {b} : {b}",
                "{t} . contains ( {t} )",
                "{t} . startsWith ( {t} )",
                "{t} . endsWith ( {t} )",
                "{t} . matches ( 'a+b?' )",
                "{l} . all ( V , {b} )",
                "{l} . exists ( V , {b} )",
                "{l} . exists_one ( V , {b} )",
                "{m} . all ( V , {b} )",
                "type ( {a} ) == type ( {a} )",
                "type ( {a} ) == int",
                "bool ( {t} )",
                "{l} == {l}",
                "{m} == {m}",
                "{a} < {a}",
                "{a} in {a}",
                "bytes ( {t} ) < bytes ( {t} )",
                "{t} in ( {m} ) . filter ( V , {b} )",
            ],
            (Kind::Text, false) => &[
                "( {t} + string ( {t} ) )",
                "string ( {i} )",
                "string ( {u} )",
                "string ( {d} )",
                "string ( {b} )",
                "{b} ? {t} : {t}",
                "{t} . lowerAscii ( )",
                "{t} . upperAscii ( )",
                "{t} . trim ( )",
                "{t} . replace ( {t} , {t} )",
                "{t} . replace ( {t} , {t} , {i} )",
                "{t} . substring ( {i} )",
                "{t} . substring ( {i} , {i} )",
                "{l} . join ( {t} )",
                "{l} [ {i} ]",
                "{m} [ {t} ]",
                "string ( bytes ( {t} ) )",
            ],
            (Kind::List, false) => &[
                "[ {a} , {a} ]",
                "( {l} + ( {L} ) )",
                "{L} . map ( V , {a} )",
                "{L} . filter ( V , {b} )",
                "{L} . map ( V , {b} , {a} )",
                "{t} . split ( {t} )",
                "{t} . split ( {t} , {i} )",
                "{b} ? {l} : {l}",
                "[ {a} ]",
                "{l} [ {i} ]",
            ],
            (Kind::Map, false) => &[
                "{ 'a' : {a} }",
                "{ {t} : {a} , {t} : {a} }",
                "{b} ? {m} : {m}",
                "{l} [ {i} ]",
                "{ {i} : {a} , {u} : {a} }",
                "{m} . a",
            ],
        };
        let pattern = self.pick(patterns);
        self.fill(pattern, depth);
    }

    fn fill(&mut self, pattern: &str, depth: usize) {
        let before = self.locals;
        for word in pattern.split(' ') {
            match word {
                "{i}" => self.write(Kind::Int, depth + 1),
                "{u}" => self.write(Kind::Uint, depth + 1),
                "{d}" => self.write(Kind::Double, depth + 1),
                "{b}" => self.write(Kind::Bool, depth + 1),
                "{t}" => self.write(Kind::Text, depth + 1),
                "{l}" => self.write(Kind::List, depth + 1),
                "{L}" => self.write(Kind::SurelyList, depth + 1),
                "{m}" => self.write(Kind::Map, depth + 1),
                "{a}" => {
                    let kind = self.pick(&KINDS);
                    self.write(kind, depth + 1);
                }
                "V" => {
                    self.words.push(format!("v{}", self.locals));
                    self.locals += 1;
                }
                // Some variable of a macro, or the document.
                "x" if self.locals > 0 => {
                    let local = self.choose(self.locals);
                    self.words.push(format!("v{local}"));
                }
                "x" => self.words.push("input".to_owned()),
                word => self.words.push(word.to_owned()),
            }
        }
        self.locals = before;
    }
}
