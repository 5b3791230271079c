#!/usr/bin/env python3
"""Train Ember on one CPU core for a given time.

The learning rate follows training time, not steps, and pauses do not count: the process can be stopped and continued
with SIGSTOP and SIGCONT whenever the machine is needed, and still ends with its learning rate at zero.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model import Ember, EmberConfig
from tokenizer import END_ID, Tokenizer

# A step longer than this was a pause.
LONGEST_STEP_SECONDS = 20.0
VALIDATION_DOCUMENTS = 600

Example = tuple[np.ndarray, np.ndarray]
Entry = dict[str, float]


def read_examples(path: Path, tokenizer: Tokenizer, context: int) -> list[Example]:
    examples: list[Example] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            document = json.loads(line)
            ids, learned = (
                tokenizer.encode_text(document["text"]) if "text" in document else tokenizer.encode_chat(document["messages"])
            )
            examples.append((np.array(ids[:context], np.int16), np.array(learned[:context], np.int8)))
    return examples


def batches(examples: list[Example], tokens_per_batch: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass in random order. Every row is one document that starts at position 0, as when the model is used.

    Documents of like length share a batch, so little is padded.
    """
    order = rng.permutation(len(examples))
    lengths = np.array([len(ids) for ids, _ in examples])
    order = order[np.argsort(lengths[order], kind="stable")]
    groups: list[list[int]] = [[]]
    for index in order:
        if groups[-1] and (len(groups[-1]) + 1) * lengths[index] > tokens_per_batch:
            groups.append([])
        groups[-1].append(index)
    for group in rng.permutation(len(groups)):
        yield padded([examples[index] for index in groups[group]])


def padded(examples: list[Example]) -> tuple[Tensor, Tensor]:
    # Inputs of a length divisible by eight vectorize well; the last column is only a target.
    width = (max(len(ids) for ids, _ in examples) + 7) // 8 * 8 + 1
    tokens = np.full((len(examples), width), END_ID, np.int64)
    learned = np.zeros((len(examples), width), np.int64)
    for row, (ids, flags) in enumerate(examples):
        tokens[row, : len(ids)] = ids
        learned[row, : len(ids)] = flags
    return torch.from_numpy(tokens), torch.from_numpy(learned)


def learning_rate(progress: float, warmup: float, decay: float) -> float:
    """Share of the peak: a short warm-up, a plateau, then a straight line to zero."""
    return min(progress / warmup, 1.0, (1.0 - progress) / decay)


def optimizers(model: Ember, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for the embedding and the norms."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    others = [model.embedding.weight, *(p for p in model.parameters() if p.ndim == 1)]
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=weight_decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


@torch.no_grad()
def validation_loss(model: Ember, batch_list: list[tuple[Tensor, Tensor]]) -> float:
    total = weight = 0.0
    for tokens, learned in batch_list:
        count = float(learned[:, 1:].sum())
        total += model.loss(tokens, learned).item() * count
        weight += count
    return total / weight


def save(path: Path, model: Ember, entry: Entry) -> None:
    partial = path.with_suffix(".partial")
    torch.save({"config": model.config.to_dict(), "model": model.state_dict(), "log": entry}, partial)
    partial.replace(path)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/ember"), help="folder of the corpus and the tokenizer")
    parser.add_argument("--out", type=Path, default=Path("build/ember"), help="folder for checkpoint, log and PID file")
    parser.add_argument("--minutes", type=float, default=48.0)
    parser.add_argument("--resume", type=Path, help="start from the weights of this checkpoint, its log goes on")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--warmup", type=float, default=0.02, help="share of the time")
    parser.add_argument("--decay", type=float, default=0.6, help="share of the time")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--save-every", type=int, default=100, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def update(model: Ember, loss: Tensor, optimizer_list: list[torch.optim.Optimizer], rate: float) -> None:
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizer_list:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()


def train(arguments: argparse.Namespace, model: Ember, examples: list[Example], held_out: list[Example], before: Entry) -> None:
    """Train until the time is over; the log goes on from `before`."""
    rng = np.random.default_rng(arguments.seed)
    validation = list(batches(held_out, arguments.batch_tokens, np.random.default_rng(0)))
    loss_of = torch.compile(model.loss, dynamic=True)
    optimizer_list = optimizers(model, arguments.rate, arguments.weight_decay)
    budget = arguments.minutes * 60
    seconds = recent = 0.0
    step, tokens_seen, learned_seen = before["step"], before["tokens"], before["learned"]
    log = (arguments.out / "log.jsonl").open("a", encoding="utf-8")
    for tokens, learned in (batch for _ in count() for batch in batches(examples, arguments.batch_tokens, rng)):
        started = time.monotonic()
        rate = arguments.rate * learning_rate(max(seconds / budget, 1e-4), arguments.warmup, arguments.decay)
        loss = loss_of(tokens, learned)
        update(model, loss, optimizer_list, rate)
        recent = 0.98 * recent + 0.02 * loss.item() if recent else loss.item()
        step += 1
        tokens_seen += tokens.numel()
        learned_seen += int(learned[:, 1:].sum())
        seconds += min(time.monotonic() - started, LONGEST_STEP_SECONDS)
        done = seconds >= budget
        if step % arguments.save_every == 0 or done:
            entry = {
                "step": step, "seconds": round(before["seconds"] + seconds, 1), "tokens": tokens_seen, "learned": learned_seen,
                "rate": round(rate, 6), "train": round(recent, 4), "validation": round(validation_loss(model, validation), 4),
            }
            log.write(json.dumps(entry) + "\n")
            log.flush()
            print(entry, flush=True)
            save(arguments.out / "checkpoint.pt", model, entry)
        if done:
            break


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "train.pid").write_text(f"{os.getpid()}\n")

    tokenizer = Tokenizer.load(arguments.data / "tokenizer.json")
    model = Ember(EmberConfig(vocab_size=len(tokenizer.tokens)))
    before: Entry = {"step": 0, "seconds": 0.0, "tokens": 0, "learned": 0}
    if arguments.resume:
        saved = torch.load(arguments.resume)
        model.load_state_dict(saved["model"])
        before = saved["log"]
    examples = read_examples(arguments.data / "train.jsonl", tokenizer, model.config.context)
    held_out = read_examples(arguments.data / "validation.jsonl", tokenizer, model.config.context)[:VALIDATION_DOCUMENTS]
    tokens, learned = (sum(int(part) for part in parts) for parts in zip(*((len(ids), flags.sum()) for ids, flags in examples)))
    print(f"{model.parameter_count()} parameters, {len(examples)} documents, {tokens} tokens, {learned} learned", flush=True)
    train(arguments, model, examples, held_out, before)


if __name__ == "__main__":
    main()
