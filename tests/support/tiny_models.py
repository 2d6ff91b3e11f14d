"""Models of the real classes of transformers, of a few thousand random weights, in folders.

sentence-transformers takes seconds to import, which each process of a parallel run would wait for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = ["a", "dog", "barks", "the", "sound", "of", "sea", "waves", "cat", ":", "|"]
WORDS += ["task", "search", "result", "query", "title", "none", "text"]
LONGEST = 16  # tokens of a text
DIMENSION = 24
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": LONGEST + 4,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "pad_token_id": 0,
}
SIGHT = {
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 30,
    "patch_size": 10,
}
PICTURE = {"height": 30, "width": 30}
UNCLIP = 16  # numbers of the vectors that the pipeline decodes
PROMPTS = {"query": "task: search result | query: ", "document": "title: none | text: "}


def tokenizer() -> transformers.PreTrainedTokenizerFast:
    """One token a word, and start and end tokens."""
    known = {"<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3}
    known |= {word: index for index, word in enumerate(WORDS, len(known))}
    words = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        model_max_length=LONGEST,
    )


def save_clip(folder: Path) -> Path:
    """Words and pictures, a tower each."""
    torch.manual_seed(0)
    config = transformers.CLIPConfig(
        text_config=_text(), vision_config=SIGHT, projection_dim=DIMENSION
    )
    seeing = transformers.models.clip.image_processing_pil_clip.CLIPImageProcessorPil(
        size={"shortest_edge": 30}, crop_size=PICTURE
    )
    return _save(
        folder, transformers.CLIPModel(config), transformers.CLIPProcessor(seeing, tokenizer())
    )


def save_siglip(folder: Path) -> Path:
    """The same pair of towers, as SigLIP has them."""
    torch.manual_seed(1)
    config = transformers.SiglipConfig(text_config=_text(), vision_config=SIGHT)
    seeing = transformers.models.siglip.image_processing_pil_siglip.SiglipImageProcessorPil(
        size=PICTURE
    )
    return _save(
        folder, transformers.SiglipModel(config), transformers.SiglipProcessor(seeing, tokenizer())
    )


def save_siglip2(folder: Path) -> Path:
    """SigLIP 2, whose processor takes patches of 16 pixels, at most 256 of them."""
    torch.manual_seed(5)
    sight = {**SIGHT, "patch_size": 16, "num_patches": 256}
    del sight["image_size"]
    config = transformers.Siglip2Config(text_config=_text(), vision_config=sight)
    seeing = transformers.models.siglip2.image_processing_pil_siglip2.Siglip2ImageProcessorPil()
    processor = transformers.Siglip2Processor(seeing, tokenizer())
    return _save(folder, transformers.Siglip2Model(config), processor)


def save_clap(folder: Path) -> Path:
    """Words and sounds; the feature extractor takes one second at 48 kHz."""
    torch.manual_seed(2)
    hearing = {
        "num_mel_bins": 16,
        "spec_size": 64,
        "window_size": 4,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "patch_embeds_hidden_size": 16,
        "hidden_size": 32,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "num_hidden_layers": 2,
        "projection_dim": DIMENSION,
        "num_classes": 4,
        "patch_embed_input_channels": 1,
        "enable_fusion": False,
    }
    config = transformers.ClapConfig(
        text_config=_text() | {"projection_dim": DIMENSION},
        audio_config=hearing,
        projection_dim=DIMENSION,
    )
    extractor = transformers.ClapFeatureExtractor(
        feature_size=16,
        hop_length=480,
        max_length_s=1,
        fft_window_size=1024,
        frequency_max=14_000,
        truncation="rand_trunc",
        padding="repeatpad",
    )
    return _save(
        folder, transformers.ClapModel(config), transformers.ClapProcessor(extractor, tokenizer())
    )


def save_gemma(folder: Path, *, dtype: torch.dtype = torch.bfloat16) -> Path:
    """The text tower of EmbeddingGemma 2, with the prompts of its card."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    torch.manual_seed(3)
    config = transformers.EmbeddingGemma2TextConfig(
        **{**_text(), "max_position_embeddings": 64},
        num_key_value_heads=2,
        head_dim=8,
        global_head_dim=8,
        num_global_key_value_heads=1,
        hidden_size_per_layer_input=8,
        embedding_dim=DIMENSION,
        sliding_window_pattern=2,
    )
    backbone = folder / "backbone"
    _save(backbone, transformers.EmbeddingGemma2TextModel(config).to(dtype), tokenizer())
    reading: Any = Transformer(str(backbone))
    model = SentenceTransformer(
        modules=[reading, Pooling(TEXT["hidden_size"])], prompts=PROMPTS, device="cpu"
    )
    model.save_pretrained(str(folder / "gemma"), create_model_card=False)
    return folder / "gemma"


def save_unclip(folder: Path, *, licence: str | None = "openrail++") -> Path:
    """A StableUnCLIP pipeline: each part is of its real class, and the card names a licence."""
    import diffusers
    from diffusers.pipelines.stable_diffusion import stable_unclip_image_normalizer

    torch.manual_seed(4)
    sight = {**SIGHT, "image_size": 32, "patch_size": 8, "projection_dim": UNCLIP}
    text = {**_text(), "hidden_size": UNCLIP, "projection_dim": UNCLIP}
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(32, 64),
        attention_head_dim=(2, 4),
        class_embed_type="projection",
        projection_class_embeddings_input_dim=2 * UNCLIP,
        cross_attention_dim=UNCLIP,
        layers_per_block=1,
    )
    painter = diffusers.AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
    )
    seeing = transformers.models.clip.image_processing_pil_clip.CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    diffusers.StableUnCLIPImg2ImgPipeline(
        feature_extractor=seeing,
        image_encoder=transformers.CLIPVisionModelWithProjection(
            transformers.CLIPVisionConfig(**sight)
        ),
        image_normalizer=stable_unclip_image_normalizer.StableUnCLIPImageNormalizer(UNCLIP),
        image_noising_scheduler=diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        tokenizer=tokenizer(),
        text_encoder=transformers.CLIPTextModel(transformers.CLIPTextConfig(**text)),
        unet=unet,
        scheduler=diffusers.DDIMScheduler(prediction_type="v_prediction"),
        vae=painter,
    ).save_pretrained(folder)
    if licence is not None:
        (folder / "README.md").write_text(f"---\nlicense: {licence}\n---\n# A pipeline\n")
    return folder


def downloaded(folder: Path, home: Path, name: str) -> None:
    """Lay a model where the hub's client keeps what it downloaded."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = home / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "snapshots").mkdir()
    (repository / "snapshots" / commit).symlink_to(folder, target_is_directory=True)


def change_setting(folder: Path, file: str, **settings: Any) -> None:
    """Write other values into a JSON file of a model."""
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def _text() -> dict[str, Any]:
    return {**TEXT, "vocab_size": 4 + len(WORDS)}


def _save(folder: Path, model: Any, processor: Any) -> Path:
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
