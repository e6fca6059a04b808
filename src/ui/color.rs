//! Colour words, and bringing a colour down to what a terminal can show. Whole numbers only.

use ratatui::style::Color;

/// How many colours a terminal has.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ColorDepth {
    /// None: `NO_COLOR`, a dumb terminal.
    None,
    /// The sixteen of ECMA-48 and its bright half.
    #[default]
    Sixteen,
    /// The xterm cube and greys.
    TwoHundredFiftySix,
    /// 24 bits.
    True,
}

/// The sixteen as xterm draws them; their order is their number.
const SIXTEEN: [(Color, &str, [u8; 3]); 16] = [
    (Color::Black, "black", [0, 0, 0]),
    (Color::Red, "red", [205, 0, 0]),
    (Color::Green, "green", [0, 205, 0]),
    (Color::Yellow, "yellow", [205, 205, 0]),
    (Color::Blue, "blue", [0, 0, 238]),
    (Color::Magenta, "magenta", [205, 0, 205]),
    (Color::Cyan, "cyan", [0, 205, 205]),
    (Color::Gray, "white", [229, 229, 229]),
    (Color::DarkGray, "bright-black", [127, 127, 127]),
    (Color::LightRed, "bright-red", [255, 0, 0]),
    (Color::LightGreen, "bright-green", [0, 255, 0]),
    (Color::LightYellow, "bright-yellow", [255, 255, 0]),
    (Color::LightBlue, "bright-blue", [92, 92, 255]),
    (Color::LightMagenta, "bright-magenta", [255, 0, 255]),
    (Color::LightCyan, "bright-cyan", [0, 255, 255]),
    (Color::White, "bright-white", [255, 255, 255]),
];

/// A colour word of a theme file.
pub fn parse(word: &str) -> Option<Color> {
    if word == "default" {
        return Some(Color::Reset);
    }
    if let Some(hex) = word.strip_prefix('#') {
        if hex.len() != 6 || !hex.is_ascii() {
            return None;
        }
        let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        return Some(Color::Rgb(byte(0)?, byte(2)?, byte(4)?));
    }
    if let Some(n) = word.strip_prefix("ansi-") {
        return n.parse().ok().map(Color::Indexed);
    }
    if let Some(n) = word.strip_prefix("gray-") {
        let n: u8 = n.parse().ok().filter(|n| *n < 24)?;
        return Some(Color::Indexed(232 + n));
    }
    SIXTEEN
        .iter()
        .find(|(_, known, _)| *known == word)
        .map(|(color, ..)| *color)
}

/// The words of the sixteen colours, and the terminal's own.
pub fn words() -> impl Iterator<Item = &'static str> {
    SIXTEEN.iter().map(|(_, word, _)| *word).chain(["default"])
}

/// A colour as a theme file writes it.
pub fn word(color: Color) -> String {
    match color {
        Color::Reset => "default".into(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(n) => format!("ansi-{n}"),
        named => SIXTEEN
            .iter()
            .find(|(known, ..)| *known == named)
            .map_or_else(String::new, |(_, word, _)| (*word).into()),
    }
}

/// The nearest colour a terminal of this depth can show.
pub fn reduce(color: Color, depth: ColorDepth) -> Color {
    match (depth, color) {
        (ColorDepth::None, _) | (_, Color::Reset) => Color::Reset,
        (ColorDepth::TwoHundredFiftySix, Color::Rgb(r, g, b)) => {
            Color::Indexed(nearest_256([r, g, b]))
        }
        (ColorDepth::Sixteen, Color::Rgb(..) | Color::Indexed(_)) => {
            rgb(color).map_or(Color::Reset, nearest_16)
        }
        (_, other) => other,
    }
}

/// What a colour looks like, as far as that is known.
pub fn rgb(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(n) => Some(rgb_of_index(n)),
        named => SIXTEEN
            .iter()
            .find(|(known, ..)| *known == named)
            .map(|(.., rgb)| *rgb),
    }
}

const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn rgb_of_index(n: u8) -> [u8; 3] {
    match n {
        0..=15 => SIXTEEN.get(n as usize).map_or([0; 3], |(.., rgb)| *rgb),
        16..=231 => {
            let n = n - 16;
            [n / 36, n / 6 % 6, n % 6].map(|i| CUBE.get(i as usize).copied().unwrap_or(0))
        }
        232.. => [8 + (n - 232) * 10; 3],
    }
}

/// Distance as the eye weighs it ("redmean": thiadmer.nl, Riemersma), scaled, whole numbers.
fn distance(a: [u8; 3], b: [u8; 3]) -> i64 {
    let mean = i64::from(a[0]).midpoint(i64::from(b[0]));
    let [dr, dg, db] = [0, 1, 2].map(|i| i64::from(a[i]) - i64::from(b[i]));
    (512 + mean) * dr * dr + 1024 * dg * dg + (767 - mean) * db * db
}

fn nearest_256(rgb: [u8; 3]) -> u8 {
    // the first sixteen are the person's own, so their looks are not known
    (16..=255u8)
        .min_by_key(|n| distance(rgb, rgb_of_index(*n)))
        .unwrap_or(16)
}

/// Greys by their lightness, all others by hue first: amber must become yellow, not grey.
fn nearest_16(rgb: [u8; 3]) -> Color {
    let [r, g, b] = rgb.map(i32::from);
    let (max, min) = (r.max(g).max(b), r.min(g).min(b));
    if (max - min) * 100 < 22 * max.max(1) || max < 24 {
        return match max {
            0..=40 => Color::Black,
            41..=150 => Color::DarkGray,
            151..=232 => Color::Gray,
            _ => Color::White,
        };
    }
    // a channel counts when it is past the middle between the lowest and the highest
    let middle = max.midpoint(min);
    let bits = u8::from(r > middle) | u8::from(g > middle) << 1 | u8::from(b > middle) << 2;
    let bright = max >= 245 && min >= 80;
    SIXTEEN
        .get(usize::from(bits) + if bright { 8 } else { 0 })
        .map_or(Color::Reset, |(color, ..)| *color)
}

/// Contrast of two colours after WCAG 2.2 in thousandths (1000 to 21000); nothing where a colour is the terminal's own.
pub fn contrast_milli(a: Color, b: Color) -> Option<u32> {
    let (a, b) = (luminance(rgb(a)?), luminance(rgb(b)?));
    let (high, low) = (a.max(b), a.min(b));
    // (L1 + 0.05) / (L2 + 0.05), luminance in millionths
    u32::try_from((high + 50_000) * 1000 / (low + 50_000)).ok()
}

/// Relative luminance in millionths. The sRGB curve is drawn by its table at every 17th step, straight between them.
fn luminance(rgb: [u8; 3]) -> u64 {
    const CURVE: [u64; 16] = [
        0, 5_605, 15_996, 33_105, 57_805, 90_842, 132_868, 184_475, 246_201, 318_547, 401_978,
        496_933, 603_827, 723_055, 854_993, 1_000_000,
    ];
    let linear = |c: u8| {
        let (at, rest) = (usize::from(c / 17), u64::from(c % 17));
        let low = CURVE.get(at).copied().unwrap_or(1_000_000);
        let high = CURVE.get(at + 1).copied().unwrap_or(1_000_000);
        low + (high - low) * rest / 17
    };
    (2126 * linear(rgb[0]) + 7152 * linear(rgb[1]) + 722 * linear(rgb[2])) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_colours_and_nonsense_does_not() {
        assert_eq!(parse("#0aff10"), Some(Color::Rgb(10, 255, 16)));
        assert_eq!(parse("bright-red"), Some(Color::LightRed));
        assert_eq!(parse("gray-23"), Some(Color::Indexed(255)));
        for bad in [
            "#12345",
            "#12345g",
            "#ääää",
            "gray-24",
            "ansi-256",
            "rde",
            "",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_colour_comes_down_to_its_own_family() {
        for (hex, want) in [
            ("#ff5f5f", Color::LightRed),
            ("#b00020", Color::Red),
            ("#e8b04a", Color::Yellow),
            ("#6f7480", Color::DarkGray),
            ("#c9ccd3", Color::Gray),
            ("#f2f4f8", Color::White),
            ("#0b0c10", Color::Black),
        ] {
            assert_eq!(
                reduce(parse(hex).unwrap(), ColorDepth::Sixteen),
                want,
                "{hex}"
            );
        }
        assert_eq!(
            reduce(Color::Rgb(255, 95, 95), ColorDepth::TwoHundredFiftySix),
            Color::Indexed(203)
        );
        assert_eq!(
            reduce(Color::Red, ColorDepth::TwoHundredFiftySix),
            Color::Red
        );
        assert_eq!(reduce(Color::Rgb(1, 2, 3), ColorDepth::None), Color::Reset);
    }

    #[test]
    fn contrast_is_that_of_the_guideline() {
        assert_eq!(
            contrast_milli(Color::Rgb(255, 255, 255), Color::Rgb(0, 0, 0)),
            Some(21_000)
        );
        // #777777 on white is the well-known 4.48
        let grey = contrast_milli(Color::Rgb(0x77, 0x77, 0x77), Color::Rgb(255, 255, 255)).unwrap();
        assert!((4_440..4_520).contains(&grey), "{grey}");
        assert_eq!(contrast_milli(Color::Reset, Color::Black), None);
    }
}
