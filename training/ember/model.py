"""Ember's network: a Llama-style decoder, small enough to train on one CPU core.

The layout follows what llama.cpp expects of the `llama` architecture (pre-norm RMSNorm, rotary positions on
interleaved pairs, grouped-query attention, SwiGLU, tied embeddings), so exporting is a renaming of tensors.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class EmberConfig:
    vocab_size: int = 2048
    dim: int = 192
    layers: int = 6
    heads: int = 6
    kv_heads: int = 2
    ffn_dim: int = 512
    context: int = 1024
    rope_base: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    def to_dict(self) -> dict[str, int | float]:
        return asdict(self)


class RMSNorm(nn.Module):
    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)


def rope_table(config: EmberConfig) -> tuple[Tensor, Tensor]:
    """Cosines and sines for every position, each of shape (context, head_dim / 2)."""
    steps = torch.arange(0, config.head_dim, 2).float() / config.head_dim
    angles = torch.outer(torch.arange(config.context).float(), config.rope_base**-steps)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate neighbouring pairs (2i, 2i+1): llama.cpp's "normal" rope, so no weights are permuted on export."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, config: EmberConfig) -> None:
        super().__init__()
        self.config = config
        kv_dim = config.kv_heads * config.head_dim
        self.q = nn.Linear(config.dim, config.dim, bias=False)
        self.k = nn.Linear(config.dim, kv_dim, bias=False)
        self.v = nn.Linear(config.dim, kv_dim, bias=False)
        self.o = nn.Linear(config.dim, config.dim, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        c = self.config
        batch, length, _ = x.shape
        q = rotate(self.q(x).view(batch, length, c.heads, c.head_dim).transpose(1, 2), cos, sin)
        k = rotate(self.k(x).view(batch, length, c.kv_heads, c.head_dim).transpose(1, 2), cos, sin)
        v = self.v(x).view(batch, length, c.kv_heads, c.head_dim).transpose(1, 2)
        groups = c.heads // c.kv_heads
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(out.transpose(1, 2).reshape(batch, length, c.dim))


class FeedForward(nn.Module):
    def __init__(self, config: EmberConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.dim, config.ffn_dim, bias=False)
        self.up = nn.Linear(config.dim, config.ffn_dim, bias=False)
        self.down = nn.Linear(config.ffn_dim, config.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, config: EmberConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.dim, config.norm_eps)
        self.attention = Attention(config)
        self.ffn_norm = RMSNorm(config.dim, config.norm_eps)
        self.ffn = FeedForward(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.ffn(self.ffn_norm(x))


class Ember(nn.Module):
    def __init__(self, config: EmberConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.dim)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.dim, config.norm_eps)
        cos, sin = rope_table(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.apply(self._init)

    def _init(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, (Attention, FeedForward)):
            # The projections that write into the residual stream start smaller, so depth does not grow its variance.
            output = module.o if isinstance(module, Attention) else module.down
            nn.init.normal_(output.weight, std=0.02 / (2 * self.config.layers) ** 0.5)

    def hidden(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length])
        return self.norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        return F.linear(self.hidden(tokens), self.embedding.weight)

    def loss(self, tokens: Tensor, weights: Tensor) -> Tensor:
        """Mean next-token loss over the positions whose target has a weight.

        Only those positions go through the output matrix: in chats most tokens are the user's and carry no loss.
        """
        picked = weights[:, 1:] > 0
        states = self.hidden(tokens[:, :-1])[picked]
        return F.cross_entropy(F.linear(states, self.embedding.weight), tokens[:, 1:][picked])

    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())
