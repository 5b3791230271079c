#!/usr/bin/env python3
"""Draw the loss curve of a training log as an SVG file and print it as a Markdown table."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 60, 20, 20, 50
TICKS = (0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0)
SERIES = (("train", "#d9480f"), ("validation", "#1c7ed6"))

Entry = dict[str, float]


def draw(log: list[Entry]) -> str:
    """Loss, on a logarithmic scale, against millions of tokens."""
    losses = [entry[name] for entry in log for name, _ in SERIES]
    low, high = math.log(min(losses) * 0.95), math.log(max(losses) * 1.05)
    most = log[-1]["tokens"] / 1e6

    def x(tokens: float) -> float:
        return LEFT + tokens / 1e6 / most * (WIDTH - LEFT - RIGHT)

    def y(loss: float) -> float:
        return TOP + (high - math.log(loss)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        "<title>Training and validation loss of Ember</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for tick in TICKS:
        if low < math.log(tick) < high:
            parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="#dee2e6"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" fill="#495057">{tick:g}</text>')
    for million in range(0, int(most) + 1, 2):
        parts.append(f'<text x="{x(million * 1e6):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#495057">{million}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle" fill="#495057">million tokens</text>')
    for row, (name, color) in enumerate(SERIES):
        points = " ".join(f"{x(entry['tokens']):.1f},{y(entry[name]):.1f}" for entry in log)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT - 10}" y="{TOP + 18 + 18 * row}" text-anchor="end" fill="{color}">{name} loss</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def table(log: list[Entry], rows: int) -> str:
    picked = sorted({round(i * (len(log) - 1) / (rows - 1)) for i in range(rows)})
    lines = ["| step | minutes | tokens (M) | learning rate | train loss | validation loss |", "|---:|---:|---:|---:|---:|---:|"]
    for entry in (log[index] for index in picked):
        lines.append(
            f"| {entry['step']} | {entry['seconds'] / 60:.1f} | {entry['tokens'] / 1e6:.2f} | {entry['rate']:.5f} "
            f"| {entry['train']:.3f} | {entry['validation']:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, default=Path("build/ember/log.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("docs/ember-loss.svg"))
    parser.add_argument("--rows", type=int, default=12)
    arguments = parser.parse_args()
    log = [json.loads(line) for line in arguments.log.read_text(encoding="utf-8").splitlines()]
    arguments.out.write_text(draw(log), encoding="utf-8")
    print(table(log, arguments.rows))


if __name__ == "__main__":
    main()
