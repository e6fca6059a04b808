//! The keys as a page: `docs/KEYS.md`, and `wardwatch keys`.

use std::fmt::Write as _;

use crate::actions::registry::{ACTIONS, Scope};

use super::{Keymap, Run};

/// How key files are written.
const HOW: &str = "# Keys

This page is made from the registry of actions and the keymaps; `wardwatch keys --format markdown > docs/KEYS.md` writes it anew, and a
test fails while it is stale.

There are two keymaps, `vim` (in force unless you say otherwise) and `plain`; `--keys plain` takes the other one. `wardwatch keys` lists
the one in force, `?` in the program shows what works where you are. Every action, with or without a key, is in the palette (`:`).

## Keys of your own

`--keys ./keys.toml`, or a file `keys.toml` in your configuration folder (`~/.config/wardwatch/`), which is taken when `--keys` is not
given. `wardwatch keys check FILE` names every mistake with line and column.

```toml
inherits = \"vim\"                 # or \"plain\"; without it, vim; \"none\" for a keymap of its own
unbind = [\"X\"]                   # keys that are to do nothing

everywhere = [
  { on = \"ctrl-p\", run = \"palette\" },
  { on = \"g d\", run = \"devices class:infusion-pump\", desc = \"the pumps\" },
]
view = [ { on = \"g g\", run = \"top\" } ]
device = [ { on = \"alt-r\", run = \"run\" } ]
```

- A layer is where its keys mean something: `everywhere`, in a `view`, on a `device`, an `alert` or a `run`, in a `replay`. The narrowest
  one in force wins.
- `on` is a key, or up to four one after the other. After the first the screen shows what can follow; `esc` leaves it.
- `run` is an action, or a line as the palette takes it: a view with a filter, `filter WORDS`, `sort COLUMN`,
  `theme NAME`, `device NAME`, `segment NAME`.
- Your own key takes the place of the one inherited: nothing is done twice. A row of keys takes the place of those that begin as it does.
- `esc` goes back and `ctrl-c` leaves, always. What acts on a device or an alert asks before it does, whatever its key; what it asks is
  answered by the keys that stand beside it, which no file moves.
- Where there is only to read (this list, what wardwatch could not do), the keys of `view` move, and those of `help`, `quit` and `open`
  close it.
";

/// The page, with these keymaps side by side.
pub fn page(keymaps: &[&Keymap]) -> String {
    let mut out = HOW.to_owned();
    for scope in Scope::ALL {
        let _ = write!(out, "\n## {}\n\n| action |", scope.title());
        for keymap in keymaps {
            let _ = write!(out, " {} |", keymap.name());
        }
        out.push_str(" what it does |\n| --- |");
        out.push_str(&" --- |".repeat(keymaps.len() + 1));
        out.push('\n');
        for action in ACTIONS.iter().filter(|a| a.scope == scope) {
            let _ = write!(out, "| `{}` |", action.name);
            for keymap in keymaps {
                let keys: Vec<String> = keymap.of(action).map(|b| code(&b.on())).collect();
                let _ = write!(out, " {} |", keys.join(" "));
            }
            let _ = writeln!(out, " {} |", action.help.replace('|', "\\|"));
        }
    }
    for keymap in keymaps {
        let lines = keymap.bindings().iter();
        let lines = lines.filter_map(|b| match &b.run {
            Run::Line(line) => Some((b, line)),
            Run::Action(_) => None,
        });
        for (binding, line) in lines {
            let _ = writeln!(
                out,
                "\n{} does `{line}` in {}.",
                code(&binding.on()),
                keymap.name()
            );
        }
    }
    out
}

/// As code in a table.
fn code(key: &str) -> String {
    match key {
        "`" => "`` ` ``".into(),
        key => format!("`{}`", key.replace('|', "\\|")),
    }
}
