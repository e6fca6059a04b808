//! Where the nodes of the tree stand on the screen, and which are folded because there is no room.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;
use crate::model::DeviceId;

/// Something that stands on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// A device.
    Node(DeviceId),
    /// Those behind a device that are folded.
    Fold(DeviceId),
}

/// Where it stands.
#[derive(Clone, Debug)]
pub struct Placed {
    /// What.
    pub spot: Spot,
    /// Its node; of a fold, the node before it.
    pub node: usize,
    /// The one before it, in the list of placed.
    pub parent: Option<usize>,
    /// Row of boxes, 0 is the top.
    pub level: usize,
    /// First column of its place.
    pub x: u16,
    /// Columns of its place; its box is centred in it.
    pub columns: u16,
    /// Has something placed below it.
    pub inner: bool,
}

impl Placed {
    /// The column of its centre.
    pub fn centre(&self) -> u16 {
        self.x + self.columns / 2
    }
}

/// A whole layout.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// What stands where, parents before children.
    pub placed: Vec<Placed>,
    /// Nodes that are folded behind a node.
    pub folded: BTreeMap<usize, Vec<usize>>,
    /// Levels shown.
    pub levels: usize,
}

/// What is shown: nodes that are not folded.
struct Cut<'t> {
    tree: &'t Tree,
    hidden: Vec<bool>,
    /// How far from well the worst of each subtree is.
    bad: Vec<u8>,
    depth: usize,
}

impl<'t> Cut<'t> {
    fn new(tree: &'t Tree, depth: usize) -> Self {
        let mut bad: Vec<u8> = tree.nodes.iter().map(|n| n.bad).collect();
        // parents come before their children, so from the end each subtree is summed when its root is reached
        for (at, node) in tree.nodes.iter().enumerate().rev() {
            let own = bad.get(at).copied().unwrap_or(0);
            if let Some(above) = node.parent.and_then(|p| bad.get_mut(p)) {
                *above = (*above).max(own);
            }
        }
        Self {
            tree,
            hidden: vec![false; tree.nodes.len()],
            bad,
            depth,
        }
    }

    fn hide(&mut self, at: usize) {
        if let Some(hidden) = self.hidden.get_mut(at) {
            *hidden = true;
        }
    }

    fn is_hidden(&self, at: usize) -> bool {
        self.hidden.get(at).copied().unwrap_or(true)
    }

    fn shown(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let node = self.tree.nodes.get(at);
        let inside = node.is_some_and(|n| n.level + 1 < self.depth);
        node.filter(|_| inside)
            .into_iter()
            .flat_map(|n| n.children.iter().copied())
            .filter(|c| !self.is_hidden(*c))
    }

    fn has_fold(&self, at: usize) -> bool {
        self.tree
            .nodes
            .get(at)
            .is_some_and(|n| n.children.iter().any(|c| self.is_hidden(*c)))
    }

    /// Places side by side that a node needs with all behind it.
    fn slots(&self, at: usize) -> usize {
        let below: usize = self.shown(at).map(|c| self.slots(c)).sum();
        if below == 0 {
            // a fold with nothing beside it is said inside the box
            1
        } else {
            below + usize::from(self.has_fold(at))
        }
    }

    fn leaf(&self, at: usize) -> bool {
        self.shown(at).next().is_none()
    }

    fn bad(&self, at: usize) -> u8 {
        self.bad.get(at).copied().unwrap_or(0)
    }

    fn needed(&self) -> usize {
        self.tree.roots.iter().map(|r| self.slots(*r)).sum()
    }
}

/// Lays a tree out in `width` columns, each place `slot` columns, `depth` levels at the most. What does not fit is folded:
/// first what is well, where most stand together; the worst stays.
pub fn lay(
    tree: &Tree,
    width: u16,
    slot: u16,
    depth: usize,
    by_hand: &BTreeSet<DeviceId>,
) -> Layout {
    let room = usize::from((width / slot.max(1)).max(1));
    let mut cut = Cut::new(tree, depth.max(1));
    for id in by_hand {
        if let Some(node) = tree.place.get(id).and_then(|at| tree.nodes.get(*at)) {
            for child in &node.children {
                cut.hide(*child);
            }
        }
    }
    let mut folding = Folding::new(cut);
    loop {
        let over = folding.needed().saturating_sub(room);
        if over == 0 || !folding.fold(over) {
            break;
        }
    }
    place(&folding.cut, width, slot, room)
}

/// How worth folding what hangs on a node is: all of it is well, how many, how deep.
type Worth = (bool, usize, usize);

/// Folding, a few leaves at a time; what is known of each node is mended on the way to its root, and not summed anew.
struct Folding<'t> {
    cut: Cut<'t>,
    /// Places side by side of each node with all behind it.
    slots: Vec<usize>,
    worth: Vec<Option<Worth>>,
    /// Of two equally worth the first is folded.
    order: Vec<usize>,
}

impl<'t> Folding<'t> {
    fn new(cut: Cut<'t>) -> Self {
        let all = cut.tree.nodes.len();
        let mut order = Vec::with_capacity(all);
        let mut queue = cut.tree.roots.clone();
        while let Some(at) = queue.pop() {
            order.push(at);
            queue.extend(cut.shown(at));
        }
        let mut folding = Self {
            slots: vec![0; all],
            worth: vec![None; all],
            order,
            cut,
        };
        // parents come before their children
        for at in (0..all).rev() {
            folding.mend(at);
        }
        folding
    }

    fn slots_of(&self, at: usize) -> usize {
        self.slots.get(at).copied().unwrap_or(0)
    }

    fn needed(&self) -> usize {
        self.cut.tree.roots.iter().map(|r| self.slots_of(*r)).sum()
    }

    /// Looks at a node anew, whose children are right.
    fn mend(&mut self, at: usize) {
        let below: usize = self.cut.shown(at).map(|c| self.slots_of(c)).sum();
        let slots = if below == 0 {
            // a fold with nothing beside it is said inside the box
            1
        } else {
            below + usize::from(self.cut.has_fold(at))
        };
        let worth = self.worth_of(at);
        if let (Some(of), Some(is)) = (self.slots.get_mut(at), self.worth.get_mut(at)) {
            (*of, *is) = (slots, worth);
        }
    }

    /// Leaves that hang on a node.
    fn leaves(&self, at: usize) -> Vec<usize> {
        let shown = self.cut.shown(at);
        shown.filter(|child| self.cut.leaf(*child)).collect()
    }

    /// Leaves that must go together at the least: the first fold takes a place itself.
    fn least(&self, at: usize, leaves: usize) -> usize {
        if self.cut.has_fold(at) || leaves == 1 {
            1
        } else {
            2
        }
    }

    fn worth_of(&self, at: usize) -> Option<Worth> {
        let leaves = self.leaves(at);
        if leaves.is_empty() {
            return None;
        }
        let well = leaves.iter().filter(|c| self.cut.bad(**c) == 0).count();
        let all_well = well >= self.least(at, leaves.len());
        let level = self.cut.tree.nodes.get(at).map_or(0, |n| n.level);
        let many = if all_well { well } else { leaves.len() };
        Some((all_well, many, level))
    }

    /// Folds, `over` places being missing: of the node with most leaves that are well, the last half of these; two at least, if
    /// none is folded there yet. False where there is nothing to fold.
    fn fold(&mut self, over: usize) -> bool {
        let mut best: Option<(Worth, usize)> = None;
        for at in &self.order {
            if let Some(worth) = self.worth.get(*at).copied().flatten()
                && best.is_none_or(|(than, _)| worth > than)
                && !self.cut.is_hidden(*at)
            {
                best = Some((worth, *at));
            }
        }
        let Some(((all_well, well, _), at)) = best else {
            return false;
        };
        let mut leaves = self.leaves(at);
        let least = self.least(at, leaves.len());
        leaves.sort_by_key(|c| (self.cut.bad(*c), std::cmp::Reverse(*c)));
        let most = if all_well {
            (well / 2).min(over + 1)
        } else {
            least
        };
        for leaf in leaves.into_iter().take(most.max(least)) {
            self.cut.hide(leaf);
        }
        let mut up = Some(at);
        while let Some(at) = up {
            self.mend(at);
            up = self.cut.tree.nodes.get(at).and_then(|n| n.parent);
        }
        true
    }
}

fn place(cut: &Cut<'_>, width: u16, slot: u16, room: usize) -> Layout {
    let mut layout = Layout::default();
    let needed = cut.needed();
    // what is left over widens the places a little, so that the picture fills the screen without tearing apart
    let spread = u16::try_from(usize::from(width) / needed.max(1)).unwrap_or(slot);
    let columns = spread.clamp(slot, slot + slot / 2);
    let used = columns.saturating_mul(u16::try_from(needed.min(room)).unwrap_or(u16::MAX));
    let mut x = width.saturating_sub(used) / 2;
    for root in &cut.tree.roots {
        if x + slot.min(width) > width {
            break;
        }
        x = put(cut, &mut layout, *root, None, x, columns);
    }
    layout.levels = layout.placed.iter().map(|p| p.level + 1).max().unwrap_or(0);
    layout
}

/// Places a node and all behind it from column `x` on; gives the column after them.
fn put(
    cut: &Cut<'_>,
    layout: &mut Layout,
    at: usize,
    parent: Option<usize>,
    x: u16,
    columns: u16,
) -> u16 {
    let Some(node) = cut.tree.nodes.get(at) else {
        return x;
    };
    let shown: Vec<usize> = cut.shown(at).collect();
    let own = layout.placed.len();
    let slots = u16::try_from(cut.slots(at)).unwrap_or(1).max(1);
    let end = x.saturating_add(slots.saturating_mul(columns));
    layout.placed.push(Placed {
        spot: Spot::Node(node.id),
        node: at,
        parent,
        level: node.level,
        x,
        columns: end - x,
        inner: !shown.is_empty(),
    });
    let hidden: Vec<usize> = node
        .children
        .iter()
        .filter(|c| !shown.contains(c))
        .copied()
        .collect();
    let mut at_x = x;
    for child in &shown {
        at_x = put(cut, layout, *child, Some(own), at_x, columns);
    }
    if !hidden.is_empty() {
        if !shown.is_empty() {
            layout.placed.push(Placed {
                spot: Spot::Fold(node.id),
                node: at,
                parent: Some(own),
                level: node.level + 1,
                x: at_x,
                columns,
                inner: false,
            });
        }
        layout.folded.insert(at, hidden);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::super::tree::Node;
    use super::*;

    /// A root with nodes behind it; `shape[n]` is the parent of node n+1.
    fn tree(shape: &[usize], bad: &[usize]) -> Tree {
        let mut tree = Tree::default();
        for at in 0..=shape.len() {
            let parent = at.checked_sub(1).map(|n| shape[n]);
            let id = DeviceId(u32::try_from(at).unwrap());
            tree.nodes.push(Node {
                id,
                parent,
                uplink: None,
                others: Vec::new(),
                children: Vec::new(),
                level: parent.map_or(0, |p| tree.nodes[p].level + 1),
                cells: Vec::new(),
                worst: None,
                bad: u8::from(bad.contains(&at)),
            });
            tree.place.insert(id, at);
            if let Some(parent) = parent {
                tree.nodes[parent].children.push(at);
            }
        }
        tree.roots.push(0);
        tree
    }

    fn spots(layout: &Layout) -> Vec<Spot> {
        layout.placed.iter().map(|p| p.spot).collect()
    }

    #[test]
    fn what_fits_is_not_folded_and_children_stand_side_by_side() {
        let layout = lay(&tree(&[0, 0, 0], &[]), 60, 15, 9, &BTreeSet::new());
        assert!(layout.folded.is_empty());
        assert_eq!(layout.placed.len(), 4);
        assert_eq!(layout.levels, 2);
        let xs: Vec<u16> = layout.placed[1..].iter().map(|p| p.x).collect();
        assert!(xs.windows(2).all(|w| w[1] >= w[0] + 15), "{xs:?}");
    }

    #[test]
    fn the_worst_stays_when_there_is_no_room() {
        let layout = lay(&tree(&[0; 10], &[4]), 45, 15, 9, &BTreeSet::new());
        let spots = spots(&layout);
        assert!(spots.contains(&Spot::Node(DeviceId(4))), "{spots:?}");
        assert!(spots.contains(&Spot::Fold(DeviceId(0))), "{spots:?}");
        assert_eq!(layout.folded[&0].len() + spots.len() - 2, 10);
    }

    #[test]
    fn every_width_ends_and_stays_inside() {
        let shape = [0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3];
        for width in 0..120 {
            for depth in 0..5 {
                let layout = lay(&tree(&shape, &[7]), width, 13, depth, &BTreeSet::new());
                for p in &layout.placed {
                    assert!(p.x + p.columns <= width.max(20), "{width} {depth}: {p:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_person_folds_stays_folded() {
        let by_hand = BTreeSet::from([DeviceId(1)]);
        let layout = lay(&tree(&[0, 0, 1, 1], &[]), 200, 15, 9, &by_hand);
        assert!(!spots(&layout).contains(&Spot::Node(DeviceId(3))));
        assert_eq!(layout.folded[&1], vec![3, 4]);
    }
}
