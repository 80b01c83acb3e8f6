// The pages of the sample shop, as the CMS of SAP Commerce hands them to a storefront.
import { products } from './catalogue.js';

/**
 * @typedef {{ uid: string, typeCode: string, [field: string]: unknown }} Component
 * @typedef {{ uid: string, label: string, template: string, title: string, slots: Record<string, Component[]> }} Page
 */

/** A component that is told apart by its type alone. @param {string} type @returns {Component} */
const component = (type) => ({
  uid: type,
  typeCode: 'CMSFlexComponent',
  flexType: type,
  name: type,
});

/** @param {string} uid @param {string} url @param {string} linkName @returns {Component} */
const link = (uid, url, linkName) => ({
  uid,
  typeCode: 'CMSLinkComponent',
  name: linkName,
  url,
  linkName,
  external: 'false',
  target: 'false',
});

/** @param {string} uid @param {string} content HTML @returns {Component} */
const paragraph = (uid, content) => ({
  uid,
  typeCode: 'CMSParagraphComponent',
  name: uid,
  content,
});

/** @param {(typeof products)[number]} product @returns {Component} */
const banner = ({ code, name, url }) => ({
  uid: `ProductBanner${code}`,
  typeCode: 'SimpleBannerComponent',
  name,
  media: { code, mime: 'image/svg+xml', altText: name, url: `/medias/${code}.svg` },
  urlLink: url,
  external: 'false',
});

/** What stands on every page. @type {Record<string, Component[]>} */
const frame = {
  PreHeader: [component('HamburgerMenuComponent')],
  SiteLogo: [{ ...link('SiteLogoLink', '/', 'Shop'), styleClasses: 'h3 mb-0' }],
  SiteLogin: [component('LoginComponent')],
  HeaderLinks: [
    link('MyAccountLink', '/my-account/update-profile', 'My Account'),
    link('SignOutLink', '/logout', 'Sign Out'),
  ],
  Footer: [
    paragraph(
      'FooterNotice',
      '<div class="container py-4">A sample shop: nothing in it can be bought.</div>',
    ),
  ],
};

/**
 * @param {string} uid
 * @param {string} label
 * @param {string} template
 * @param {string} title
 * @param {Page['slots']} slots
 * @returns {Page}
 */
const page = (uid, label, template, title, slots) => ({ uid, label, template, title, slots });

const homepage = page('homepage', 'homepage', 'LandingPage2Template', 'Home', {
  Section1: [
    paragraph(
      'HomeWelcome',
      '<div class="container py-5 text-center"><h1>Good things for every day</h1>' +
        'Six things for the table, the desk and the road.</div>',
    ),
  ],
  Section4: products.map(banner),
});

const breadcrumb = { BottomHeaderSlot: [component('BreadcrumbComponent')] };

const pages = [
  homepage,
  page('login', '/login', 'LoginPageTemplate', 'Sign in', {
    ...breadcrumb,
    LeftContentSlot: [component('ReturningCustomerLoginComponent')],
    RightContentSlot: [component('ReturningCustomerRegisterComponent')],
  }),
  page('register', '/login/register', 'AccountPageTemplate', 'Create an account', {
    ...breadcrumb,
    BodyContent: [component('RegisterCustomerComponent')],
  }),
  page('guest', '/guest', 'AccountPageTemplate', 'Your order', {
    ...breadcrumb,
    BodyContent: [component('GuestRegisterComponent')],
  }),
  page('update-profile', '/my-account/update-profile', 'AccountPageTemplate', 'Personal details', {
    ...breadcrumb,
    BodyContent: [component('UpdateProfileComponent')],
  }),
  page('terms', '/terms-and-conditions', 'ContentPage1Template', 'Terms & conditions', {
    ...breadcrumb,
    Section2A: [paragraph('Terms', 'There are none: this shop is for trying things out.')],
  }),
  ...products.map((product) =>
    page(`product-${product.code}`, product.url, 'ContentPage1Template', product.name, {
      ...breadcrumb,
      Section2A: [banner(product)],
      Section2B: [
        paragraph(
          `ProductPrice${product.code}`,
          `<div class="h3 text-center">${product.price.formattedValue}</div>`,
        ),
      ],
    }),
  ),
  page('not-found', '/not-found', 'ErrorPageTemplate', 'Page not found', {
    ...breadcrumb,
    MiddleContent: [paragraph('NotFoundText', 'There is no such page.')],
  }),
];

/** @param {Page} found */
function answer({ uid, label, template, title, slots }) {
  return {
    uid,
    typeCode: 'ContentPage',
    template,
    name: title,
    title,
    label,
    localizedType: 'Content Page',
    defaultPage: true,
    contentSlots: {
      contentSlot: Object.entries({ ...frame, ...slots }).map(([position, components]) => ({
        slotId: `${position}-${uid}`,
        slotUuid: `${position}-${uid}`,
        position,
        name: position,
        slotShared: position in frame,
        components: { component: components },
      })),
    },
  };
}

/**
 * The page of a label, or the home page where none is named; undefined where there is no such page.
 * @param {string} [label]
 */
export function findPage(label) {
  const found = label === undefined ? homepage : pages.find((each) => each.label === label);
  return found && answer(found);
}

/**
 * The components of these ids; an id that is unknown is passed over, as the CMS does it.
 * @param {string[]} ids
 */
export function findComponents(ids) {
  const all = [frame, ...pages.map(({ slots }) => slots)].flatMap((each) => Object.values(each));
  const found = all.flat().filter(({ uid }) => ids.includes(uid));
  return {
    component: found,
    pagination: { count: found.length, page: 0, totalCount: found.length, totalPages: 1 },
  };
}
