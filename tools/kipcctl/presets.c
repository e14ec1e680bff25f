// SPDX-License-Identifier: GPL-2.0
/*
 * The defaults of a module's parameters.
 *
 * No module says what they are.  But a parameter is a variable, which mostly has the
 * parameter's name, and the file has its first value: found by the symbol table, as long
 * as nothing else has that name.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module.h"

/* A file in memory, and its tables; what is not within the file is not there. */
struct image {
	const unsigned char *base;
	size_t size;
	const ElfW(Shdr) *sections;
	unsigned int section_count;
};

static const void *within(const struct image *image, size_t offset, size_t len)
{
	return offset <= image->size && len <= image->size - offset ? image->base + offset :
	       NULL;
}

static int image_sections(struct image *image)
{
	const ElfW(Ehdr) *head = within(image, 0, sizeof(*head));

	if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    head->e_ident[EI_CLASS] != (sizeof(long) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    head->e_shentsize != sizeof(*image->sections) || head->e_shoff % sizeof(long))
		return -1;
	image->section_count = head->e_shnum;
	image->sections = within(image, head->e_shoff,
				 image->section_count * sizeof(*image->sections));
	return image->sections ? 0 : -1;
}

static void write_value(struct param *param, const void *data, size_t size)
{
	const struct number_type *type = number_type(param->type);
	unsigned long long number = 0;
	int shift = 64 - 8 * (int)size;

	if (!strcmp(param->type, "bool") && size == 1) {
		snprintf(param->preset, sizeof(param->preset), "%s",
			 *(const char *)data ? "Y" : "N");
		return;
	}
	if (!type || size > sizeof(number) || !size)
		return;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	memcpy((char *)&number + sizeof(number) - size, data, size);
#else
	memcpy(&number, data, size);
#endif
	if (type->min < 0)
		snprintf(param->preset, sizeof(param->preset), "%lld",
			 (long long)(number << shift) >> shift);
	else
		snprintf(param->preset, sizeof(param->preset), "%llu", number);
}

static void preset_from(const struct image *image, const ElfW(Sym) *symbol, struct param *param)
{
	static const char zeroes[sizeof(long long)];
	const ElfW(Shdr) *section;
	const void *data;

	if (symbol->st_shndx >= image->section_count || symbol->st_size > sizeof(zeroes))
		return;
	section = &image->sections[symbol->st_shndx];
	if (section->sh_type == SHT_NOBITS)
		data = zeroes;
	else if (symbol->st_value > section->sh_size ||
		 symbol->st_size > section->sh_size - symbol->st_value)
		data = NULL;
	else
		data = within(image, section->sh_offset + symbol->st_value, symbol->st_size);
	if (data)
		write_value(param, data, symbol->st_size);
}

/* The one variable of that name, or NULL. */
static const ElfW(Sym) *symbol_of(const struct image *image, const ElfW(Shdr) *table,
				  const char *name)
{
	const ElfW(Sym) *symbols = within(image, table->sh_offset, table->sh_size);
	const ElfW(Shdr) *names = &image->sections[table->sh_link];
	const ElfW(Sym) *found = NULL;
	size_t i, len = strlen(name) + 1;

	for (i = 0; symbols && i < table->sh_size / sizeof(*symbols); i++) {
		const char *text = within(image, names->sh_offset + symbols[i].st_name, len);

		if (ELF64_ST_TYPE(symbols[i].st_info) != STT_OBJECT || !text ||
		    memcmp(text, name, len))
			continue;
		if (found)
			return NULL;
		found = &symbols[i];
	}
	return found;
}

static void presets_in(const struct image *image, struct params *params)
{
	const ElfW(Sym) *symbol;
	unsigned int i, s;

	for (s = 0; s < image->section_count; s++) {
		const ElfW(Shdr) *section = &image->sections[s];

		if (section->sh_type != SHT_SYMTAB || section->sh_link >= image->section_count ||
		    section->sh_offset % sizeof(long))
			continue;
		for (i = 0; i < params->count; i++) {
			symbol = symbol_of(image, section, params->param[i].name);
			if (symbol)
				preset_from(image, symbol, &params->param[i]);
		}
	}
}

/* Find the defaults in the module's file.  Of a compressed one nothing is known. */
void params_presets(struct params *params, const char *path)
{
	struct image image = { .size = 0 };
	struct stat st;
	void *base;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0)
		image.size = (size_t)st.st_size;
	base = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (base == MAP_FAILED)
		return;
	image.base = base;
	if (!image_sections(&image))
		presets_in(&image, params);
	munmap(base, image.size);
}
