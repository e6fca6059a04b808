//! The views that are open: a stack for each view of line 2. Opening puts on top, `esc` takes off; what was open in another
//! tab is found again as it was left.

use std::collections::BTreeMap;

use crate::ui::View;

/// How deep a stack may become; the oldest above the root gives way.
const DEPTH: usize = 16;

/// One open view and its number.
pub struct Open {
    /// Never given twice; answers to queries find their view by it.
    pub serial: u64,
    /// The view.
    pub view: Box<dyn View>,
}

/// All open views.
pub struct Stacks {
    tabs: BTreeMap<&'static str, Vec<Open>>,
    now: &'static str,
    before: &'static str,
    next_serial: u64,
}

impl Stacks {
    /// Nothing is open; `first` is to be.
    pub fn new(first: &'static str) -> Self {
        Self {
            tabs: BTreeMap::new(),
            now: first,
            before: first,
            next_serial: 1,
        }
    }

    /// The tab in front.
    pub fn tab(&self) -> &'static str {
        self.now
    }

    /// The tab that was in front before.
    pub fn before(&self) -> &'static str {
        self.before
    }

    /// Has this tab a view already?
    pub fn has(&self, tab: &str) -> bool {
        self.tabs.get(tab).is_some_and(|stack| !stack.is_empty())
    }

    /// Brings a tab to the front.
    pub fn show(&mut self, tab: &'static str) {
        if tab != self.now {
            self.rest();
            self.before = self.now;
            self.now = tab;
        }
    }

    /// Puts a view on top of the tab in front; gives its number.
    pub fn push(&mut self, view: Box<dyn View>) -> u64 {
        self.rest();
        let serial = self.next_serial;
        self.next_serial += 1;
        let stack = self.tabs.entry(self.now).or_default();
        if stack.len() >= DEPTH {
            stack.remove(1);
        }
        stack.push(Open { serial, view });
        serial
    }

    /// The view in front will not be drawn for a while.
    fn rest(&mut self) {
        if let Some(open) = self.top() {
            open.view.rest();
        }
    }

    /// Takes the topmost view off; false at the root.
    pub fn pop(&mut self) -> bool {
        match self.tabs.get_mut(self.now) {
            Some(stack) if stack.len() > 1 => stack.pop().is_some(),
            _ => false,
        }
    }

    /// Takes all but the root off.
    pub fn pop_all(&mut self) {
        if let Some(stack) = self.tabs.get_mut(self.now) {
            stack.truncate(1);
        }
    }

    /// How many views lie over the root.
    pub fn depth(&self) -> usize {
        let stack = self.tabs.get(self.now);
        stack.map_or(0, |stack| stack.len().saturating_sub(1))
    }

    /// The topmost view of the tab in front.
    pub fn top(&mut self) -> Option<&mut Open> {
        self.tabs
            .get_mut(self.now)
            .and_then(|stack| stack.last_mut())
    }

    /// The same, to be read.
    pub fn peek(&self) -> Option<&Open> {
        self.tabs.get(self.now).and_then(|stack| stack.last())
    }

    /// A view by its number, wherever it is.
    pub fn find(&mut self, serial: u64) -> Option<&mut Open> {
        self.tabs
            .values_mut()
            .flatten()
            .find(|open| open.serial == serial)
    }

    /// The views of the tab in front, the root first.
    pub fn all(&self) -> impl Iterator<Item = &Open> {
        self.tabs.get(self.now).into_iter().flatten()
    }
}
