//! The mistakes that people make in each language, and what they are told.
//!
//! `mistakes/LANGUAGE.txt` has the cases. Each begins with `# NAME: what a reader should know`, then says what is done:
//!
//! - `build`: the files that follow, each after a line `--- FILE`, are put over a new project called `buy`, which is
//!   built.
//! - `run STEP INPUT`: that step of the component in the folder `mistakes/LANGUAGE` is run; a line `answer DATA` for
//!   each answer that it gets. One component serves all of them, as some languages take long to build one.
//!
//! After `--- says` comes what is printed. `BLESS=1` writes these parts anew.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use reentry_tests::commands::surrounded;
use reentry_tests::guests::root;

/// One mistake.
#[derive(Debug, PartialEq)]
struct Case {
    name: String,
    /// What a reader should know.
    about: String,
    does: Does,
    /// What is printed.
    says: String,
}

/// What is done to see what is said.
#[derive(Debug, PartialEq)]
enum Does {
    /// Build the template with these files over it: names and texts.
    Build(Vec<(String, String)>),
    /// Run a step of the language's component: its id, the input, the answers.
    Run { step: String, input: String, answers: Vec<String> },
}

macro_rules! languages {
    ($($language:ident),* $(,)?) => {
        $(#[test]
        fn $language() -> Result<()> {
            play(stringify!($language))
        })*

        #[test]
        fn every_case_is_played_and_has_a_name_of_its_own() -> Result<()> {
            let listed = [$(stringify!($language)),*];
            let mut count = 0;
            for entry in std::fs::read_dir(folder())? {
                let path = entry?.path();
                let language = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                ensure!(listed.contains(&language.as_str()), "{} is in no test", path.display());
                if path.is_file() {
                    let mut names: Vec<String> = read(&language)?.into_iter().map(|case| case.name).collect();
                    count += names.len();
                    names.sort();
                    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
                    ensure!(twice.is_none(), "{language}: two cases are called {:?}", twice);
                }
            }
            // Past the test's own standard error, which is shown only when it fails.
            writeln!(std::io::stderr(), "mistakes: {count} in {} languages", listed.len())?;
            Ok(())
        }
    };
}

languages!(assemblyscript, c, cpp, go, javascript, python, rust, typescript, zig);

fn folder() -> PathBuf {
    root().join("tests/mistakes")
}

fn read(language: &str) -> Result<Vec<Case>> {
    let path = folder().join(format!("{language}.txt"));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}

/// Plays all cases of a language.
fn play(language: &str) -> Result<()> {
    let mut cases = read(language)?;
    let place = Place::new(language, &cases)?;
    let (mut wrong, mut differs) = (Vec::new(), String::new());
    for (index, case) in cases.iter_mut().enumerate() {
        let says =
            place.says(&case.does, index % 2 == 1).with_context(|| format!("{language}: {}", case.name))?;
        if says != case.says {
            wrong.push(case.name.clone());
            differs += &format!("# {}\n--- written\n{}--- says\n{says}\n", case.name, case.says);
        }
        case.says = says;
    }
    if std::env::var_os("BLESS").is_some() {
        let text = written(&cases);
        ensure!(parse(&text)? == cases, "{language}: something that is said looks like a part of the file");
        std::fs::write(folder().join(format!("{language}.txt")), text)?;
        return Ok(());
    }
    ensure!(wrong.is_empty(), "{language}: {} say something else\n{differs}", wrong.join(", "));
    Ok(())
}

/// What has compilers of the nine languages color what they say, though nothing is a terminal.
const ASKS_FOR_COLORS: [(&str, &str); 5] = [
    ("CARGO_TERM_COLOR", "always"),
    ("CI", "true"),
    ("CLICOLOR_FORCE", "1"),
    ("FORCE_COLOR", "1"),
    ("PYTHON_COLORS", "1"),
];

/// A new project of a language, and the component with its steps.
struct Place {
    language: String,
    folder: tempfile::TempDir,
}

impl Place {
    fn new(language: &str, cases: &[Case]) -> Result<Self> {
        let place = Self { language: language.to_owned(), folder: tempfile::tempdir()? };
        let uses = |wanted: fn(&Does) -> bool| cases.iter().any(|case| wanted(&case.does));
        if uses(|does| matches!(does, Does::Build(_))) {
            place.succeeds(&["new", "step", "buy", "--lang", language])?;
        }
        if uses(|does| matches!(does, Does::Run { .. })) {
            let project = folder().join(language).display().to_string();
            place.succeeds(&["build", &project, "--lang", language, "--out", "mistakes.wasm"])?;
        }
        Ok(place)
    }

    /// What is said, in an environment that asks for colors or in one that does not: it is the same in both.
    fn says(&self, does: &Does, colors: bool) -> Result<String> {
        let said = match does {
            Does::Build(files) => self.build(files, colors)?,
            Does::Run { step, input, answers } => self.run(step, input, answers)?,
        };
        Ok(self.same_everywhere(&said))
    }

    /// Builds the project with these files over it, and puts back what was there.
    fn build(&self, files: &[(String, String)], colors: bool) -> Result<String> {
        let mut before = Vec::new();
        for (name, text) in files {
            let file = self.folder.path().join("buy").join(name);
            before.push((file.clone(), std::fs::read(&file).ok()));
            std::fs::create_dir_all(file.parent().context("a file in a folder")?)?;
            std::fs::write(file, text)?;
        }
        let said = self.command_with(if colors { &ASKS_FOR_COLORS } else { &[] }, &["build", "buy"])?.0;
        for (file, text) in before {
            match text {
                Some(text) => std::fs::write(file, text)?,
                None => std::fs::remove_file(file)?,
            }
        }
        Ok(said)
    }

    fn run(&self, step: &str, input: &str, answers: &[String]) -> Result<String> {
        let (mut said, _) = self.command(&["run", "mistakes.wasm", "--step", step, "--input", input])?;
        let run = said.lines().find_map(|line| line.strip_prefix("run ")).unwrap_or_default().to_owned();
        for answer in answers {
            said = self.command(&["resume", &run, "--data", answer])?.0;
        }
        Ok(said)
    }

    fn succeeds(&self, arguments: &[&str]) -> Result<()> {
        let (said, code) = self.command(arguments)?;
        ensure!(code == Some(0), "reentry {}\n{said}", arguments.join(" "));
        Ok(())
    }

    /// What a command prints, both streams in the order in which it writes them, and how it ends.
    fn command(&self, arguments: &[&str]) -> Result<(String, Option<i32>)> {
        self.command_with(&[], arguments)
    }

    /// The same with these variables in the environment.
    fn command_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Result<(String, Option<i32>)> {
        let both = ["-c", r#"exec reentry "$@" 2>&1"#, "bash"];
        let mut command = surrounded("bash", self.folder.path())?;
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        let done = command.args(both).args(arguments).output()?;
        let mut said = String::from_utf8_lossy(&done.stdout).into_owned();
        let code = done.status.code();
        if code != Some(0) {
            let _ = writeln!(said, "(exit {})", code.unwrap_or_default());
        }
        Ok((said, code))
    }

    /// What was said without what differs from machine to machine and from time to time.
    fn same_everywhere(&self, said: &str) -> String {
        let folder = self.folder.path().canonicalize().unwrap_or_else(|_| self.folder.path().to_owned());
        let home = std::env::var("HOME").unwrap_or_default();
        let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
        let mistakes = folder_of(&self.language);
        let places = [
            (folder.join("buy").display().to_string(), "<buy>"),
            (folder.display().to_string(), "<dir>"),
            (mistakes, "<mistakes>"),
            (root().join("target/tools").display().to_string(), "<tools>"),
            (root().display().to_string(), "<reentry>"),
            (cargo, "<cargo>"),
            (home, "<home>"),
        ];
        let mut text = said.to_owned();
        for (path, name) in places.iter().filter(|(path, _)| path.len() > 1) {
            text = text.replace(path, name);
        }
        let ids = [("run_", 32), ("sus_", 32), ("sha256:", 64), ("/rustc/", 40), ("/zig-cache/o/", 32)];
        for (prefix, digits) in ids {
            text = hidden(&text, prefix, digits);
        }
        // What takes long says so, which depends on the machine.
        let is_told = |line: &&str| *line != "run run_…" && !is_progress(line);
        let lines = text.lines().filter(is_told).map(|line| sizes_hidden(line.trim_end()));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        format!("{}\n", text.trim_matches('\n'))
    }
}

fn folder_of(language: &str) -> String {
    folder().join(language).display().to_string()
}

/// Puts `…` in the place of what follows a prefix, if that is so many hexadecimal digits.
fn hidden(text: &str, prefix: &str, digits: usize) -> String {
    let mut parts = text.split(prefix);
    let mut hidden = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_id = part.get(..digits).is_some_and(|id| id.bytes().all(|c| c.is_ascii_hexdigit()));
        hidden += prefix;
        hidden += &if is_id { format!("…{}", &part[digits..]) } else { part.to_owned() };
    }
    hidden
}

/// Whether a line only says what is being done: `zig builds buy …`, `opening buy …`, `   Compiling buy v0.1.0`.
fn is_progress(line: &str) -> bool {
    const CARGO: [&str; 7] =
        ["Adding ", "Blocking ", "Compiling ", "Downloaded ", "Finished ", "Locking ", "Updating "];
    let word = line.trim_start();
    let is_of_cargo = word.len() < line.len() && CARGO.iter().any(|verb| word.starts_with(verb));
    is_of_cargo || line.ends_with(" …") && (line.contains(" builds ") || line.starts_with("opening "))
}

/// Puts `_` in the place of the numbers before units of size and of time.
fn sizes_hidden(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let shown = |(at, word): (usize, &&str)| {
        let next = words.get(at + 1).map(|next| next.trim_end_matches([',', '.', ':']));
        let unit = next.is_some_and(|next| ["B", "KiB", "MiB", "ms", "s"].contains(&next));
        let span = word.strip_suffix("ms").or(word.strip_suffix('s')).filter(|number| is_number(number));
        match span {
            Some(number) => format!("_{}", &word[number.len()..]),
            None if is_number(word) && unit => "_".to_owned(),
            None => (*word).to_owned(),
        }
    };
    words.iter().enumerate().map(shown).collect::<Vec<_>>().join(" ")
}

/// The name and the text of a line that begins a case. Tools print lines that begin with `# `, too, but none like this.
fn head(line: &str) -> Option<(&str, &str)> {
    let (name, about) = line.strip_prefix("# ")?.split_once(": ")?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_name.then_some((name, about))
}

fn parse(text: &str) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, about) = head(line).with_context(|| format!("a case begins with `# NAME: `: {line}"))?;
        let mut does = match lines.next().and_then(|line| line.split_once(' ').or(Some((line, "")))) {
            Some(("build", "")) => Does::Build(Vec::new()),
            Some(("run", rest)) => {
                let (step, input) = rest.split_once(' ').unwrap_or((rest, "null"));
                Does::Run { step: step.to_owned(), input: input.to_owned(), answers: Vec::new() }
            }
            _ => bail!("{name}: `build` or `run STEP INPUT` comes after the name"),
        };
        let mut says: Option<String> = None;
        while let Some(line) = lines.next_if(|line| says.is_none() || head(line).is_none()) {
            match (&mut says, &mut does, line.strip_prefix("--- "), line.strip_prefix("answer ")) {
                (Some(says), ..) => {
                    says.push_str(line);
                    says.push('\n');
                }
                (None, _, Some("says"), _) => says = Some(String::new()),
                (None, Does::Build(files), Some(file), _) => files.push((file.to_owned(), String::new())),
                (None, Does::Build(files), None, _) => match files.last_mut() {
                    Some((_, text)) => *text += &format!("{line}\n"),
                    None => bail!("{name}: `--- FILE` comes before the text of a file"),
                },
                (None, Does::Run { answers, .. }, None, Some(answer)) => answers.push(answer.to_owned()),
                (None, Does::Run { .. }, ..) => bail!("{name}: no `answer DATA`: {line}"),
            }
        }
        // A blank line separates cases.
        let says = format!("{}\n", says.unwrap_or_default().trim_end_matches('\n'));
        cases.push(Case { name: name.to_owned(), about: about.to_owned(), does, says });
    }
    Ok(cases)
}

/// The cases as a file.
fn written(cases: &[Case]) -> String {
    let one = |case: &Case| {
        let mut text = format!("# {}: {}\n", case.name, case.about);
        match &case.does {
            Does::Build(files) => {
                text += "build\n";
                text.extend(files.iter().map(|(name, contents)| format!("--- {name}\n{contents}")));
            }
            Does::Run { step, input, answers } => {
                let _ = writeln!(text, "run {step} {input}");
                text.extend(answers.iter().map(|answer| format!("answer {answer}\n")));
            }
        }
        text + "--- says\n" + &case.says
    };
    cases.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_is_read_as_it_is_written() -> Result<()> {
    let text = "\
# syntax: a brace is missing
build
--- main.py
# comment: this is a part of the source
def f(:

--- requirements.txt
--- says
# buy
error: no

# print: goes to the log
run print {\"a\": 1}
answer {\"approved\": true}
answer 2
--- says
failed run_…
";
    let cases = parse(text)?;
    let Does::Build(files) = &cases[0].does else { bail!("{cases:?}") };
    assert_eq!(files[0].1, "# comment: this is a part of the source\ndef f(:\n\n");
    assert_eq!((cases.len(), cases[0].says.as_str()), (2, "# buy\nerror: no\n"));
    assert_eq!(written(&cases), text);
    assert!(parse("# a: b\nwalk\n").is_err() && parse("# a: b\nbuild\nint x;\n").is_err());
    Ok(())
}

#[test]
fn what_differs_from_machine_to_machine_is_hidden() {
    let place = Place { language: "c".into(), folder: tempfile::tempdir().unwrap() };
    let said = format!(
        "zig builds buy …\nrun run_{}\nfailed run_{} at {}/buy/step.c:1:2\n53.0 KiB in 12ms and 1.5 s, run_x\n\n",
        "a".repeat(32),
        "0".repeat(32),
        place.folder.path().canonicalize().unwrap().display()
    );
    let same = place.same_everywhere(&said);
    assert_eq!(same, "failed run_… at <buy>/step.c:1:2\n_ KiB in _ms and _ s, run_x\n");
}

/// Whether the folder of a language is there when its file needs it is told by the build; this tells of folders that
/// nothing needs.
#[test]
fn no_component_is_there_for_nothing() -> Result<()> {
    for entry in std::fs::read_dir(folder())? {
        let path: PathBuf = entry?.path();
        let language = path.file_name().map(Path::new).unwrap_or(Path::new("")).display().to_string();
        let runs = |case: &Case| matches!(case.does, Does::Run { .. });
        ensure!(!path.is_dir() || read(&language)?.iter().any(runs), "{} serves no case", path.display());
    }
    Ok(())
}
