//! The command line of a test executable, as far as it matters who runs it.

/// What the user asked libtest for, sorted by what an instance has to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// For the first instance: everything but a terse format, which names no
    /// test.
    pub first: Vec<String>,
    /// Flags that also hold for a test that runs alone; no filter, nothing
    /// about output.
    pub kept: Vec<String>,
    /// For a list of the tests that were asked for.
    pub list: Vec<String>,
    /// The output is for others to read, or nothing runs at all: the harness
    /// keeps out of it.
    pub untouched: bool,
    /// Tests write to the terminal.
    pub nocapture: bool,
    /// A character for each test.
    pub terse: bool,
    /// No test is started after a failure.
    pub fail_fast: bool,
}

impl Options {
    /// Reads the arguments and the variables the executable is given. Unknown
    /// flags are kept, it is for libtest to refuse them.
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
                options.first.push(arg.clone());
                options.first.extend(filters.clone());
                options.list.extend(filters);
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
            options.take(name, value.as_deref(), words);
        }
        options
    }

    /// Sorts one option, whose words as written are `words`.
    fn take(&mut self, name: &str, value: Option<&str>, words: Vec<String>) {
        match (name, value) {
            ("-q" | "--quiet", _) | ("--format", Some("terse")) => {
                self.terse = true;
                return;
            }
            ("--format", Some("pretty")) => self.terse = false,
            ("--list" | "--help" | "-h" | "--logfile" | "--format", _) => self.untouched = true,
            ("--nocapture" | "--no-capture", _) => self.nocapture = true,
            ("--fail-fast", _) => self.fail_fast = true,
            ("--exact" | "--skip", _) => self.list.extend(words.clone()),
            (
                "--color" | "--shuffle-seed" | "--test-threads" | "--shuffle" | "--show-output",
                _,
            ) => {}
            (name, _) if name.starts_with('-') => {
                self.kept.extend(words.clone());
                self.list.extend(words.clone());
            }
            _ => self.list.extend(words.clone()),
        }
        self.first.extend(words);
    }

    /// The arguments that list what was asked for.
    pub fn listing(&self) -> Vec<String> {
        let mut args = vec!["--list".to_string()];
        args.extend(self.list.iter().cloned());
        args
    }

    /// The arguments that run nothing but `test`, with its output told.
    pub fn alone(&self, test: &str) -> Vec<String> {
        let mut args = self.kept.clone();
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
            "--test-threads=1",
            "--exact",
        ]);
        assert_eq!(
            options.first,
            [
                "--skip",
                "x",
                "--ignored",
                "a",
                "--test-threads=1",
                "--exact"
            ]
        );
        assert_eq!(
            options.listing(),
            ["--list", "--skip", "x", "--ignored", "a", "--exact"]
        );
        assert_eq!(
            options.alone("m::t"),
            ["--ignored", "--exact", "--nocapture", "m::t"]
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
            assert!(options.terse && !options.untouched);
            assert_eq!(options.first, ["a"]);
        }
        assert!(read(&["--format", "json"]).untouched);
        assert!(read(&["--list"]).untouched);
    }

    #[test]
    fn capturing_is_switched_off_by_flag_or_variable() {
        assert!(read(&["--nocapture"]).nocapture);
        let env = [("RUST_TEST_NOCAPTURE".to_string(), "1".to_string())];
        assert!(Options::read(&[], &env).nocapture);
        assert!(!read(&[]).nocapture);
    }
}
