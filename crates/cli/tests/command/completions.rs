//! Completions, asked of the shells themselves where they are installed.
use crate::{
    files::Directory,
    generated::{VERBS, given, long_options},
    process::motemq,
};

#[test]
fn completions_are_there_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = motemq(&["completions", shell]).text();
        for word in [
            "pub",
            "sub",
            "rr",
            "record",
            "replay",
            "doctor",
            "completions",
            "will-topic",
            "retained-only",
        ] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    motemq(&["completions", "fisch"]).badly(2, "similar value exists: 'fish'");
    motemq(&["completions"]).badly(2, "<SHELL>");
}

#[test]
fn zsh_and_fish_know_the_options_of_each_verb() {
    let zsh = motemq(&["completions", "zsh"]).text();
    let fish = motemq(&["completions", "fish"]).text();
    for &verb in VERBS {
        let help = motemq(&[verb, "--help"]).text();
        // The explanations of the options name others, too: of the other forms, and of old ones.
        let defined = help.lines().filter_map(|line| {
            let line = line.trim_start();
            let is_option = line.starts_with('-') && !line.starts_with("- ");
            is_option.then(|| long_options(line).first().copied())?
        });
        let defined: Vec<_> = defined.collect();
        assert!(defined.len() > 30, "{verb}: {defined:?}");
        let begin = format!("({verb})\n_arguments");
        let in_zsh = zsh.split(&begin).nth(1).unwrap();
        let in_zsh = in_zsh.split("\n;;\n").next().unwrap();
        let place = format!("__fish_motemq_using_subcommand {verb}\"");
        let in_fish: Vec<_> = fish.lines().filter(|line| line.contains(&place)).collect();
        for option in defined {
            let is_there = |end: &str| in_zsh.contains(&format!("{option}{end}"));
            assert!(is_there("=[") || is_there("["), "zsh: {verb} {option}");
            let long = format!(" -l {} ", option.trim_start_matches('-'));
            let is_there = in_fish.iter().any(|line| line.contains(&long));
            assert!(is_there, "fish: {verb} {option}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_options_and_verbs() {
    let test = "bash_completes_options_and_verbs";
    let mut script = motemq(&["completions", "bash"]).well();
    script.extend_from_slice(
        br#"
        complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _motemq motemq "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[@]}"; }
        complete_words motemq pub --will-
        complete_words motemq doc
        complete_words motemq sub --retained
        "#,
    );
    if let Some(said) = given(test, "bash", &[], &script) {
        let wanted =
            "--will-topic --will-payload --will-qos --will-retain\ndoctor\n--retained-only\n";
        assert_eq!(said, wanted);
    }
}

/// What is typed, and what all shells offer then.
const OFFERED: [(&str, &[&str]); 6] = [
    ("motemq doc", &["doctor"]),
    ("motemq help do", &["doctor"]),
    ("motemq sub --retained", &["--retained-only"]),
    (
        "motemq pub --will-",
        &[
            "--will-payload",
            "--will-qos",
            "--will-retain",
            "--will-topic",
        ],
    ),
    ("motemq doctor --ws", &["--ws", "--ws-header"]),
    // It is there to be refused.
    ("motemq pub --ps", &[]),
];

/// Compares what a shell prints for each line that was typed, with a hyphen behind it.
fn check_offers(shell: &str, said: &str) {
    let offers: Vec<_> = said.split_terminator("-\n").collect();
    assert_eq!(offers.len(), OFFERED.len(), "{shell}: {said}");
    for (offer, (line, wanted)) in offers.iter().zip(OFFERED) {
        let mut offered: Vec<_> = offer.lines().collect();
        offered.sort_unstable();
        assert_eq!(offered, wanted, "{shell}: {line}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn fish_offers_options_and_verbs() {
    let mut script = motemq(&["completions", "fish"]).well();
    for (line, _) in OFFERED {
        // Behind a tab there is the explanation.
        let line = format!("complete -C '{line}' | string split -f 1 \\t; echo -\n");
        script.extend_from_slice(line.as_bytes());
    }
    let args = ["--no-config"];
    if let Some(said) = given("fish_offers_options_and_verbs", "fish", &args, &script) {
        check_offers("fish", &said);
    }
}

/// Completes lines in a zsh on a terminal of its own, and prints what it offers. Its argument is a
/// directory with the completions.
#[cfg(unix)]
const ZSH: &str = r#"
zmodload zsh/zpty
directory=$1; shift
zpty inner "TERM=dumb zsh -f -i"
type_in() { zpty -w inner "$1" }
until_said() {
    local tries=0
    until [[ -e $directory/out ]] && grep -qx "$1" $directory/out; do
        sleep 0.05
        (( ++tries < 400 )) || exit 1
    done
}
type_in "PROMPT= fpath=($directory \$fpath); autoload -Uz compinit; compinit -u -D"
type_in "compadd() {
    local -a hits
    if [[ \${@[1,(i)(-|--)]} != *-[OAD]* ]]; then
        builtin compadd -O hits "\$@"
        (( \$#hits )) && print -rl -- \$hits >>$directory/out
    fi
    builtin compadd "\$@"
}"
type_in "bindkey '^I' list-choices; print ready >>$directory/out"
until_said ready
number=0
for line; do
    zpty -w -n inner "$line"$'\t'$'\C-u'
    type_in "print end$((++number)) >>$directory/out"
    until_said end$number
done
zpty -d inner
sed -e '/^ready$/d' -e 's/^end.*$/-/' $directory/out
"#;

#[cfg(unix)]
#[test]
fn zsh_offers_options_and_verbs() {
    let directory = Directory::new();
    directory.write("_motemq", motemq(&["completions", "zsh"]).well());
    let mut args = vec!["-f", "-s", directory.root().to_str().unwrap()];
    args.extend(OFFERED.map(|(line, _)| line));
    let said = given("zsh_offers_options_and_verbs", "zsh", &args, ZSH.as_bytes());
    if let Some(said) = said {
        check_offers("zsh", &said);
    }
}
