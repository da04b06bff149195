//! The command line of a test executable, as far as the harness must know it.

use std::num::NonZeroUsize;

/// The options for libtest, by the kind of run that gets them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The arguments of the first instance: all but a terse format, which prints
    /// no names.
    pub initial_run: Vec<String>,
    /// The flags that also apply to a test that runs alone: no filters, nothing
    /// about output.
    pub single_run_flags: Vec<String>,
    /// The arguments that select the tests of a list.
    pub list_args: Vec<String>,
    /// The output is for programs, or no test runs: the executable is only run.
    pub passthrough: bool,
    /// The output of tests is not captured.
    pub nocapture: bool,
    /// Each test is reported by one character.
    pub terse: bool,
    /// No test is started after a failure.
    pub fail_fast: bool,
}

impl Options {
    /// Reads the arguments and the variables of the executable. Unknown flags are
    /// passed on, for libtest to refuse.
    pub fn read(args: &[String], env: &[(String, String)]) -> Self {
        let mut options = Options {
            nocapture: env
                .iter()
                .rfind(|(name, _)| name == "RUST_TEST_NOCAPTURE")
                .is_some_and(|(_, value)| value != "0"),
            ..Options::default()
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                let filters: Vec<String> = args.cloned().collect();
                options.initial_run.push(arg.clone());
                options.initial_run.extend(filters.clone());
                options.list_args.extend(filters);
                break;
            }
            let (name, mut value) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_string())),
                _ => (arg.as_str(), None),
            };
            let takes_value = [
                "--color",
                "--format",
                "--logfile",
                "--shuffle-seed",
                "--skip",
                "--test-threads",
                "-Z",
            ]
            .contains(&name);
            let mut words = vec![arg.clone()];
            if takes_value && value.is_none() {
                value = args.next().cloned();
                words.extend(value.clone());
            }
            options.sort_in(name, value.as_deref(), words);
        }
        options
    }

    /// Adds one option, whose arguments as written are `words`.
    fn sort_in(&mut self, name: &str, value: Option<&str>, words: Vec<String>) {
        match (name, value) {
            ("-q" | "--quiet", _) | ("--format", Some("terse")) => {
                self.terse = true;
                return;
            }
            // A component has one thread. Told of more, libtest would not print the name of
            // a test before it runs; what is no number is for libtest to refuse.
            ("--test-threads", Some(number)) if number.parse::<NonZeroUsize>().is_ok() => return,
            ("--format", Some("pretty")) => self.terse = false,
            ("--list" | "--help" | "-h" | "--logfile" | "--format", _) => self.passthrough = true,
            ("--nocapture" | "--no-capture", _) => self.nocapture = true,
            ("--fail-fast", _) => self.fail_fast = true,
            ("--exact" | "--skip", _) => self.list_args.extend(words.clone()),
            (
                "--color" | "--shuffle-seed" | "--test-threads" | "--shuffle" | "--show-output",
                _,
            ) => {}
            (name, _) if name.starts_with('-') => {
                self.single_run_flags.extend(words.clone());
                self.list_args.extend(words.clone());
            }
            _ => self.list_args.extend(words.clone()),
        }
        self.initial_run.extend(words);
    }

    /// The arguments that list the selected tests.
    pub fn listing(&self) -> Vec<String> {
        let mut args = vec!["--list".to_string()];
        args.extend(self.list_args.iter().cloned());
        args
    }

    /// The arguments that run only `test`, without capturing its output.
    pub fn single_run(&self, test: &str) -> Vec<String> {
        let mut args = self.single_run_flags.clone();
        args.extend(["--exact", "--nocapture", test].map(str::to_string));
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Options {
        let args: Vec<String> = args.iter().map(|arg| arg.to_string()).collect();
        Options::read(&args, &[])
    }

    #[test]
    fn filters_are_for_the_list_and_flags_for_the_lonely() {
        let options = read(&[
            "--skip",
            "x",
            "--ignored",
            "a",
            "--test-threads=4",
            "--exact",
        ]);
        assert_eq!(
            options.initial_run,
            ["--skip", "x", "--ignored", "a", "--exact"]
        );
        assert_eq!(
            options.listing(),
            ["--list", "--skip", "x", "--ignored", "a", "--exact"]
        );
        assert_eq!(
            options.single_run("m::t"),
            ["--ignored", "--exact", "--nocapture", "m::t"]
        );
    }

    #[test]
    fn only_a_number_of_threads_is_left_out() {
        assert!(read(&["--test-threads", "4"]).initial_run.is_empty());
        let wrong = ["--test-threads", "many"];
        assert_eq!(read(&wrong).initial_run, wrong);
        assert_eq!(
            read(&["--test-threads=0"]).initial_run,
            ["--test-threads=0"]
        );
    }

    #[test]
    fn a_terse_format_is_ours_to_write() {
        for args in [
            &["-q", "a"][..],
            &["--format=terse", "a"],
            &["--format", "terse", "a"],
        ] {
            let options = read(args);
            assert!(options.terse && !options.passthrough);
            assert_eq!(options.initial_run, ["a"]);
        }
        assert!(read(&["--format", "json"]).passthrough);
        assert!(read(&["--list"]).passthrough);
    }

    #[test]
    fn capturing_is_switched_off_by_flag_or_variable() {
        assert!(read(&["--nocapture"]).nocapture);
        let env = [("RUST_TEST_NOCAPTURE".to_string(), "1".to_string())];
        assert!(Options::read(&[], &env).nocapture);
        assert!(!read(&[]).nocapture);
    }
}
