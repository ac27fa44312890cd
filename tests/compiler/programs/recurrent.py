"""Recurrent networks."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from tests.compiler.programs.harness import ANY, Made, call, program


@program()
def lstm() -> Made:
    return nn.LSTM(4, 5, num_layers=2), [call(torch.randn(3, 2, 4)), call(torch.randn(4, 2, 4))]


@program()
def lstm_with_state() -> Made:
    state = (torch.randn(2, 3, 5), torch.randn(2, 3, 5))
    return nn.LSTM(4, 5, bidirectional=True, batch_first=True), [call(torch.randn(3, 2, 4), state)]


@program()
def gru() -> Made:
    return nn.GRU(4, 5, batch_first=True), [
        call(torch.randn(3, 2, 4)),
        call(torch.randn(3, 2, 4), torch.randn(1, 3, 5)),
    ]


@program()
def plain_rnn() -> Made:
    return nn.RNN(4, 5, nonlinearity="relu", dropout=0.0), [call(torch.randn(3, 2, 4)), call(torch.randn(3, 4))]


@program()
def cells() -> Made:
    class Unrolled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTMCell(4, 5)
            self.gru = nn.GRUCell(5, 5)
            self.rnn = nn.RNNCell(5, 3)

        def forward(self, xs: torch.Tensor) -> torch.Tensor:
            h = c = xs.new_zeros(xs.size(1), 5)
            g, out = torch.zeros_like(h), []
            for x in xs:
                h, c = self.lstm(x, (h, c))
                g = self.gru(h, g)
                out.append(self.rnn(g))
            return torch.stack(out)

    return Unrolled(), [call(torch.randn(3, 2, 4))]


@program()
def own_cell_in_a_loop() -> Made:
    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.u = nn.Parameter(torch.randn(4, 4))
            self.w = nn.Parameter(torch.randn(4, 4))
            self.b = nn.Parameter(torch.zeros(4))

        def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> torch.Tensor:
            if h is None:
                h = torch.zeros(x.shape[0], 4, dtype=x.dtype, device=x.device)
            for t in range(x.shape[1]):
                h = torch.tanh(x[:, t] @ self.u + h @ self.w + self.b)
            return h

    return Cell(), [call(torch.randn(2, 3, 4)), call(torch.randn(2, 3, 4), h=torch.randn(2, 4))]


@program(graphs=ANY)
def packed() -> Made:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(4, 4)
            self.lstm = nn.LSTM(4, 5, batch_first=True)
            self.out = nn.Linear(5, 2)

        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            packed = pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
            padded, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
            return self.out(padded)

    return Tagger(), [call(torch.randn(2, 4, 4), torch.tensor([4, 2]))]


@program()
def padded() -> Made:
    def pad(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return pad_sequence([a * 2, b], batch_first=True, padding_value=-1.0)

    return pad, [call(torch.randn(2, 3), torch.randn(4, 3))]
