//! Every key of a poll plan's file.

use crate::config::keys::{Key, Shape, Table};
use crate::config::site::class_words;
use crate::model::Priority;
use Shape::{Flag, List, Number, Text, Word};

const fn key(name: &'static str, shape: Shape, required: bool, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required,
        about,
    }
}

pub(super) static PLAN: Table = Table {
    name: "poll plan",
    many: false,
    about: "What is asked of which devices.",
    keys: &[
        key(
            "name",
            Text,
            true,
            "Its name; takes the place of a shipped plan of that name.",
        ),
        key("enabled", Flag, false, "false takes a shipped plan away."),
        key(
            "version",
            Number(1, 1_000_000),
            false,
            "Grows when what it asks changes.",
        ),
        key("title", Text, false, "One line of what it is for."),
        key(
            "job",
            Word(job_words),
            false,
            "The job of its parts; left out, it is asked when a person says so.",
        ),
        key(
            "classes",
            List,
            false,
            "For devices of these classes; all unless said.",
        ),
        key("except", List, false, "Not for these classes."),
        key(
            "models",
            List,
            false,
            "For models whose sysObjectID begins so; all unless said.",
        ),
        key(
            "priority",
            Number(0, Priority::LAST as i64),
            false,
            "Where not all can be asked at once: 0 goes first, 9 last; what is usual for its job unless said. Asks no more of any device.",
        ),
        key("part", List, false, "Its parts."),
    ],
};

pub(super) static PART: Table = Table {
    name: "part",
    many: true,
    about: "What is asked together.",
    keys: &[
        key("name", Text, true, "Which part."),
        key(
            "interval",
            Text,
            true,
            "How often: a duration, or the name of one of the site's [intervals].",
        ),
        key(
            "deadline",
            Text,
            false,
            "After how long it is given up; 0.6 of the interval unless said.",
        ),
        key(
            "rows",
            Number(1, 1_000_000),
            false,
            "Rows of one table at the most.",
        ),
        key(
            "bytes",
            Number(1_024, 268_435_456),
            false,
            "Bytes of one table at the most.",
        ),
        key(
            "hint",
            Text,
            false,
            "The scalar whose move makes the table worth reading.",
        ),
        key(
            "whole",
            Text,
            false,
            "The table is read after so long all the same.",
        ),
        key(
            "unhinted",
            Text,
            false,
            "How often it is read where the agent does not have the hint.",
        ),
        key("counters", Flag, false, "Its columns are counters."),
        key("get", List, false, "Scalars, asked by GET."),
        key(
            "beside",
            List,
            false,
            "Scalars asked in every answer beside the rows.",
        ),
        key("columns", List, false, "Columns of the table."),
    ],
};

pub(super) static OBJECT: Table = Table {
    name: "plan object",
    many: false,
    about: "One object that is asked for.",
    keys: &[
        key("role", Text, true, "What it is good for."),
        key("oid", Text, true, "Where it stands."),
    ],
};

fn job_words() -> Vec<&'static str> {
    crate::model::Job::ALL.iter().map(|j| j.word()).collect()
}

/// The words of classes with what they mean.
pub(super) fn classes() -> Vec<&'static str> {
    class_words()
}
