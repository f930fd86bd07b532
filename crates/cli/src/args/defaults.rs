//! Options that the environment and files give, where the command line does not.
//!
//! Each option has a variable with its long name: `--will-qos` is `MOTEMQ_WILL_QOS`. A file has an
//! option and its value on each line, as mosquitto's own have. The command line comes before the
//! environment, and that before files; an option that excludes one that was given is left out.
use super::Grammar;
use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use motemq_net::BrokerUrl;
use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The beginning of the names of variables.
const PREFIX: &str = "MOTEMQ_";
/// The options that are given on the command line only.
pub const NOT_HERE: [&str; 4] = ["help", "version", "publish", "subscribe"];

/// The places where options may stand outside the command line.
pub struct Surroundings {
    variables: Vec<(String, OsString)>,
    /// The directory of the user's files of options.
    config: Option<PathBuf>,
}

impl Surroundings {
    /// Returns those of this process.
    pub fn of_process() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let config = set("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".config")));
        let variables = env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            name.starts_with(PREFIX).then_some((name, value))
        });
        Surroundings {
            variables: variables.collect(),
            config,
        }
    }

    /// Returns whether there are neither variables nor a file of options for a verb.
    pub fn say_nothing_of(&self, verb: &str) -> bool {
        self.variables.is_empty() && matches!(self.file(own_file(verb)), Ok(None))
    }

    /// Returns those that have these variables, and no files.
    #[cfg(test)]
    pub fn with_variables(variables: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.into());
        Surroundings {
            variables: variables.iter().map(owned).collect(),
            config: None,
        }
    }

    /// Returns those that have files of options in this directory, and no variables.
    #[cfg(test)]
    pub fn with_files_in(directory: &Path) -> Self {
        Surroundings {
            variables: Vec::new(),
            config: Some(directory.into()),
        }
    }

    /// Returns the value of a variable. One that is empty counts as not set.
    fn variable(&self, name: &str) -> Option<&OsString> {
        let mut variables = self.variables.iter();
        variables
            .find(|(set, value)| set == name && !value.is_empty())
            .map(|(_, value)| value)
    }

    /// Returns the path and the content of a file of options, if it is there.
    fn file(&self, name: impl AsRef<Path>) -> Result<Option<(PathBuf, String)>, String> {
        let Some(path) = self.config.as_ref().map(|directory| directory.join(name)) else {
            return Ok(None);
        };
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some((path, text))),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }
}

/// Returns the file of options for a verb, in the directory of the user.
fn own_file(verb: &str) -> PathBuf {
    Path::new("motemq").join(verb)
}

/// Returns the variable of the option with this long name.
pub fn variable(long: &str) -> String {
    PREFIX.to_owned() + &long.to_uppercase().replace('-', "_")
}

/// An option that was found outside the command line.
struct Default {
    id: String,
    word: OsString,
}

/// Returns the words that are to be added to those of a command line, the name of the program first.
///
/// # Errors
/// The words for the user, if a file cannot be used.
pub fn of(
    grammar: Grammar,
    words: &[OsString],
    surroundings: &Surroundings,
) -> Result<Vec<OsString>, String> {
    let verb = match grammar {
        Grammar::Publish => "pub",
        Grammar::Subscribe => "sub",
        Grammar::Request => "rr",
        Grammar::Doctor => "doctor",
        Grammar::Record => "record",
        Grammar::Replay => "replay",
        #[cfg(feature = "watch")]
        Grammar::Watch => "watch",
        #[cfg(feature = "bench")]
        Grammar::Bench => "bench",
        Grammar::Completions | Grammar::Manual => return Ok(Vec::new()),
        Grammar::Flags if words.iter().any(|word| word == "--pub") => "pub",
        Grammar::Flags => "sub",
    };
    let own = surroundings.file(own_file(verb))?;
    let wants_mosquitto = |word: &OsString| word == "--mosquitto-config";
    if surroundings.variables.is_empty() && own.is_none() && !words.iter().any(wants_mosquitto) {
        return Ok(Vec::new());
    }
    let mut command = grammar.command();
    command.build();
    let Ok(given) = command
        .clone()
        .ignore_errors(true)
        .try_get_matches_from(words)
    else {
        // Help is wanted.
        return Ok(Vec::new());
    };
    let mut found = Found {
        taken: taken(&command, &given),
        command,
        words: Vec::new(),
    };
    found.add(found.in_environment(surroundings), &[]);
    if let Some((path, text)) = own {
        found.add(found.in_file(&path, &text)?, &[]);
    }
    if found.is_taken("mosquitto_config")
        && let Some((path, text)) = surroundings.file(format!("mosquitto_{verb}"))?
    {
        // mosquitto's tools add these to those of the command line.
        found.add(found.in_file(&path, &text)?, &["topics", "filter_out"]);
    }
    Ok(found.words)
}

/// Returns the options that a command line has. A topic may stand in the URL.
fn taken(command: &Command, given: &ArgMatches) -> Vec<String> {
    let ids = command.get_arguments().map(|arg| arg.get_id().as_str());
    let mut taken: Vec<String> = ids
        .filter(|id| given.value_source(id) == Some(ValueSource::CommandLine))
        .map(Into::into)
        .collect();
    let url = given.get_one::<String>("url");
    let url = url.and_then(|url| BrokerUrl::parse(url).ok());
    if url.is_some_and(|url| url.topic.is_some()) {
        taken.push("topics".into());
    }
    taken
}

/// The options that were found so far.
struct Found {
    command: Command,
    /// The options that are given already.
    taken: Vec<String>,
    words: Vec<OsString>,
}

impl Found {
    fn is_taken(&self, id: &str) -> bool {
        self.taken.iter().any(|taken| taken == id)
    }

    /// Adds the options that neither are given nor exclude one that is; `also`: these in any case.
    fn add(&mut self, defaults: Vec<Default>, also: &[&str]) {
        let kept: Vec<_> = defaults
            .into_iter()
            .filter(|default| also.contains(&&*default.id) || !self.is_excluded(&default.id))
            .collect();
        for Default { id, word } in kept {
            self.words.push(word);
            self.taken.push(id);
        }
    }

    fn is_excluded(&self, id: &str) -> bool {
        self.taken
            .iter()
            .any(|taken| taken == id || self.excludes(taken, id) || self.excludes(id, taken))
    }

    fn excludes(&self, one: &str, other: &str) -> bool {
        let mut groups = self.command.get_groups();
        groups.any(|group| {
            let has = |id: &str| group.get_args().any(|arg| arg == id);
            !group.clone().is_multiple() && has(one) && has(other)
        }) || self.argument(one).is_some_and(|one| {
            let conflicts = self.command.get_arg_conflicts_with(one);
            conflicts.iter().any(|arg| arg.get_id() == other)
        })
    }

    fn argument(&self, id: &str) -> Option<&Arg> {
        let mut arguments = self.command.get_arguments();
        arguments.find(|arg| arg.get_id() == id)
    }

    fn in_environment(&self, surroundings: &Surroundings) -> Vec<Default> {
        let mut defaults = Vec::new();
        for arg in self.options() {
            let names = arg.get_long_and_visible_aliases().unwrap_or_default();
            let mut values = names
                .iter()
                .filter_map(|name| surroundings.variable(&variable(name)));
            defaults.extend(values.next().and_then(|value| default(arg, value)));
        }
        defaults
    }

    fn options(&self) -> impl Iterator<Item = &Arg> {
        let arguments = self.command.get_arguments();
        arguments.filter(|arg| !NOT_HERE.contains(&arg.get_id().as_str()))
    }

    fn in_file(&self, path: &Path, text: &str) -> Result<Vec<Default>, String> {
        let mut defaults = Vec::new();
        // Some editors begin a file with a mark of its encoding.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r').trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_end =
                |char: char| char == ' ' || char == '\t' || (char == '=' && line.starts_with("--"));
            let (option, value) = line.split_once(is_end).unwrap_or((line, ""));
            let arg = self.options().find(|arg| is_named(arg, option));
            let arg = arg.ok_or_else(|| {
                let place = format!("{}, line {}", path.display(), number + 1);
                format!("{place}: {option} is no option here: see --help")
            })?;
            let value = value.trim_start_matches([' ', '\t']);
            let is_flag = !arg.get_action().takes_values();
            let value = if is_flag { "1" } else { value };
            defaults.extend(default(arg, OsStr::new(value)));
        }
        Ok(defaults)
    }
}

/// Returns whether an option has this name, with its hyphens.
fn is_named(arg: &Arg, name: &str) -> bool {
    if let Some(long) = name.strip_prefix("--") {
        let names = arg.get_long_and_visible_aliases().unwrap_or_default();
        return names.contains(&long);
    }
    // A short name has the meaning of mosquitto's tools, whatever the form of the command line.
    let short = match arg.get_id().as_str() {
        "debug" => Some('d'),
        "delay" => None,
        _ => arg.get_short(),
    };
    short.is_some_and(|short| name.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4])))
}

/// Returns an option with its value. A flag is given unless its value says no.
fn default(arg: &Arg, value: &OsStr) -> Option<Default> {
    let mut word = OsString::from("--");
    word.push(arg.get_long()?);
    if arg.get_action().takes_values() {
        word.push("=");
        word.push(value);
    } else if ["0", "false", "no"].map(OsStr::new).contains(&value) {
        return None;
    }
    Some(Default {
        id: arg.get_id().to_string(),
        word,
    })
}
