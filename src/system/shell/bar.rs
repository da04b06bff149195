//! Progress bars on a terminal.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{
    HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike,
};

use crate::base::progress::{Progress, ProgressSize};

/// Where progress bars are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bars {
    /// Progress bars are not drawn.
    Never,
    /// On standard error, if it is a terminal.
    Terminal,
    /// On standard error, terminal or not, in so many columns.
    Always(u16),
}

impl Bars {
    /// The bars of a process, which make room for other lines.
    pub(super) fn target(self) -> MultiProgress {
        MultiProgress::with_draw_target(match self {
            Bars::Never => ProgressDrawTarget::hidden(),
            Bars::Terminal => ProgressDrawTarget::stderr(),
            Bars::Always(width) => ProgressDrawTarget::term_like(Box::new(FixedWidth { width })),
        })
    }
}

/// A progress bar, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    extent: ProgressSize,
    bytes: AtomicU64,
}

impl Bar {
    pub(super) fn start(
        all: &MultiProgress,
        verb: &str,
        extent: ProgressSize,
        styled: bool,
    ) -> Self {
        let prefix = match styled {
            true => "{prefix:>12.cyan.bold}",
            false => "{prefix:>12}",
        };
        let (length, counts) = match extent {
            ProgressSize::Items(length) => (length, "{pos}/{len}{msg}"),
            ProgressSize::Bytes(length) => (length, "{bytes}/{total_bytes}"),
        };
        let bar = all.add(ProgressBar::new(length));
        if let Ok(style) = ProgressStyle::with_template(&format!("{prefix} [{{bar:25}}] {counts}"))
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(verb.to_owned());
        bar.tick();
        Bar {
            bar,
            extent,
            bytes: AtomicU64::new(0),
        }
    }
}

impl Progress for Bar {
    fn item(&self) {
        if matches!(self.extent, ProgressSize::Items(_)) {
            self.bar.inc(1);
        }
    }

    fn bytes(&self, count: u64) {
        match self.extent {
            ProgressSize::Bytes(_) => self.bar.inc(count),
            ProgressSize::Items(_) => {
                let all = self.bytes.fetch_add(count, Ordering::Relaxed) + count;
                self.bar.set_message(format!(": {}", HumanBytes(all)));
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Standard error as a terminal of a given width, whatever it is.
#[derive(Debug)]
struct FixedWidth {
    width: u16,
}

impl FixedWidth {
    fn print(&self, text: &str) -> io::Result<()> {
        io::stderr().lock().write_all(text.as_bytes())
    }
}

impl TermLike for FixedWidth {
    fn width(&self) -> u16 {
        self.width
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.print(&format!("\x1b[{n}A")),
        }
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.print(&format!("\x1b[{n}B")),
        }
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.print(&format!("\x1b[{n}C")),
        }
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.print(&format!("\x1b[{n}D")),
        }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.print(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.print(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.print("\r\x1b[K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
