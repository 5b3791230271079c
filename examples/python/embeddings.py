"""How alike two texts are. Vectors have length 1, so their product is the cosine."""

from inferno_client import post_json

answer = post_json("/v1/embeddings", {"input": ["a small dog", "a little puppy"]})
first, second = (item["embedding"] for item in answer["data"])
print(sum(a * b for a, b in zip(first, second)))
